package dev.pglambda.lambda.local;

import static dev.pglambda.lambda.local.LocalFunctionStage.await;
import static dev.pglambda.lambda.local.LocalFunctionStage.call;
import static dev.pglambda.lambda.local.LocalFunctionStage.json;
import static dev.pglambda.lambda.local.LocalFunctionStage.need;
import static dev.pglambda.lambda.local.LocalFunctionStage.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.route.LocalFunction;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** No process is left, whichever is killed. */
@EnabledOnOs(OS.LINUX)
class ProcessEndTest {
  private static final Duration LIMIT = Duration.ofSeconds(5);

  /** Answers with its own process id and with that of a child that would stay for ten minutes. */
  private static final String PYTHON =
      """
      import os, subprocess, time
      def handler(event, context):
          child = subprocess.Popen(["sleep", "600"])
          if event == 1:
              open("%s", "w").write(f"[{os.getpid()}, {child.pid}]")
              os.rename("%s", "%s")
              child.wait()
          return [os.getpid(), child.pid]
      """;

  @TempDir Path directory;

  private LocalFunctionStage stage;
  private Path pids;

  @BeforeEach
  void start() {
    need("python3");
    stage = new LocalFunctionStage(directory);
    pids = directory.resolve("scratch/pids");
  }

  @AfterEach
  void stop() {
    stage.close();
  }

  private String code() {
    return PYTHON.formatted(pids + ".new", pids + ".new", pids);
  }

  private static boolean isGone(JsonNode pid) {
    return ProcessHandle.of(pid.asLong())
        .map(process -> !process.isAlive() || isZombie(pid))
        .orElse(true);
  }

  /** Of a process whose parent, in a container the first process of all, does not wait for it. */
  private static boolean isZombie(JsonNode pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid.asLong() + "/stat")).contains(") Z ");
    } catch (java.io.IOException gone) {
      return true;
    }
  }

  private static void awaitEndOf(JsonNode processes) {
    assertThat(processes).hasSize(2);
    await().atMost(LIMIT).until(() -> isGone(processes.get(0)) && isGone(processes.get(1)));
  }

  @Test
  void endsTheChildrenOfAFunctionWithTheHost() throws Exception {
    JsonNode processes = json(stage.run(stage.python("family", code()), "0"));
    assertThat(isGone(processes.get(1))).isFalse();

    stage.close();

    awaitEndOf(processes);
    await().atMost(LIMIT).until(() -> isEmpty(directory.resolve("scratch")));
  }

  /** The routes close invokers one by one, and then the host. */
  @Test
  void endsChildrenWithSessionsOfTheirOwnWhenTheInvokerWasClosedBefore() throws Exception {
    String code =
        code().replace("[\"sleep\", \"600\"]", "[\"sleep\", \"600\"], start_new_session=True");
    LocalFunction function = stage.python("sessions", code);
    LambdaInvoker invoker = stage.open(function);
    JsonNode processes = json(await(invoker.invoke(call("sessions", "0"))));

    invoker.close();
    stage.close();

    assertThat(processes).hasSize(2);
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(processes).allMatch(ProcessEndTest::isGone));
  }

  @Test
  void endsTheChildrenOfAFunctionThatIsKilledAndReportsIt() throws Exception {
    // given
    LambdaInvoker invoker = stage.open(stage.python("killed", code()));
    CompletableFuture<InvocationResult> running = invoker.invoke(call("killed", "1"));
    await().atMost(Duration.ofSeconds(20)).until(() -> Files.exists(pids));
    JsonNode processes = LocalFunctionStage.JSON.readTree(pids.toFile());

    // when
    ProcessHandle.of(processes.get(0).asLong()).orElseThrow().destroyForcibly();

    // then
    assertThat(text(await(running))).endsWith("Runtime exited with error: signal: killed\"}");
    awaitEndOf(processes);
  }

  @Test
  void goesOnWhenAChildOfAFunctionIsKilled() throws Exception {
    // given
    LambdaInvoker invoker = stage.open(stage.python("orphan", code()));
    CompletableFuture<InvocationResult> running = invoker.invoke(call("orphan", "1"));
    await().atMost(Duration.ofSeconds(20)).until(() -> Files.exists(pids));
    JsonNode processes = LocalFunctionStage.JSON.readTree(pids.toFile());

    // when
    ProcessHandle.of(processes.get(1).asLong()).orElseThrow().destroyForcibly();

    // then
    assertThat(json(await(running))).isEqualTo(processes);
  }

  @Test
  void leavesNothingWhenTheHostIsKilled() throws Exception {
    // given
    Path file = stage.write("stays.py", code());
    Process host =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    HostProcess.class.getName(),
                    directory.toString(),
                    "python",
                    file.toString()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    JsonNode processes;
    try (BufferedReader output = host.inputReader()) {
      processes =
          LocalFunctionStage.JSON.readTree(
              output.lines().filter(line -> line.startsWith("[")).findFirst().orElseThrow());

      // when
      host.destroyForcibly();
    }

    // then
    awaitEndOf(processes);
    await().atMost(LIMIT).until(() -> isEmpty(directory.resolve("scratch")));
  }

  private static boolean isEmpty(Path folder) throws java.io.IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().isEmpty();
    }
  }
}
