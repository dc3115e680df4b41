package dev.pglambda.lambda.local;

import static dev.pglambda.lambda.local.LocalFunctionStage.await;
import static dev.pglambda.lambda.local.LocalFunctionStage.call;
import static dev.pglambda.lambda.local.LocalFunctionStage.event;
import static dev.pglambda.lambda.local.LocalFunctionStage.json;
import static dev.pglambda.lambda.local.LocalFunctionStage.log;
import static dev.pglambda.lambda.local.LocalFunctionStage.need;
import static dev.pglambda.lambda.local.LocalFunctionStage.text;
import static dev.pglambda.lambda.local.LocalFunctionStage.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.RouteState;
import dev.pglambda.lambda.ServiceLimits;
import dev.pglambda.lambda.route.LocalFunction;
import dev.pglambda.testing.LogCapture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What holds for functions of every runtime, shown with Python. */
class LocalInvokerTest {
  @TempDir Path directory;

  private LocalFunctionStage stage;

  @BeforeEach
  void start() {
    need("python3");
    stage = new LocalFunctionStage(directory);
  }

  @AfterEach
  void stop() {
    stage.close();
  }

  private static LocalHostSettings settings(Path directory, Duration idleTime, int queueLength) {
    LocalHostSettings usual = LocalFunctionStage.settings(directory);
    return new LocalHostSettings(
        usual.scratch(),
        usual.environment(),
        Duration.ofSeconds(2),
        usual.eventRetryWaits(),
        idleTime,
        queueLength);
  }

  private void restart(Duration idleTime, int queueLength) {
    stage.close();
    stage = new LocalFunctionStage(directory, settings(directory, idleTime, queueLength));
  }

  private static String refusal(LambdaInvoker invoker, String name, String payload) {
    Throwable failure = catchThrowable(() -> await(invoker.invoke(call(name, payload))));
    return String.valueOf(Objects.requireNonNull(failure.getCause()).getMessage());
  }

  @Test
  void reusesAProcessAndSaysSoInTheLog() throws Exception {
    // given
    LambdaInvoker invoker =
        stage.open(stage.python("pid", "import os\ndef handler(e, c):\n  return os.getpid()\n"));

    // when
    InvocationResult cold = await(invoker.invoke(call("pid", "{}")));
    InvocationResult warm = await(invoker.invoke(call("pid", "{}")));

    // then
    assertThat(text(warm)).isEqualTo(text(cold));
    assertThat(log(cold)).contains("INIT_START ", "\tInit Duration: ");
    assertThat(log(warm)).startsWith("START RequestId: ").endsWith(" MB\t\n");
    assertThat(log(warm)).doesNotContain("Init Duration");
  }

  @Test
  void tellsWhatItsFunctionDoesAndHowLongACallHasWaited() throws Exception {
    // given
    Path go = directory.resolve("go");
    String code =
        """
        import os, time
        def handler(e, c):
          print("waits")
          while not os.path.exists(%s):
            time.sleep(0.005)
        """
            .formatted("'" + go + "'");
    LambdaInvoker invoker = stage.open(with(stage.python("slow", code), Duration.ofSeconds(20), 1));

    // when
    CompletableFuture<InvocationResult> first = invoker.invoke(call("slow", "{}"));
    CompletableFuture<InvocationResult> second = invoker.invoke(call("slow", "{}"));
    await().until(() -> state(invoker).output().equals(List.of("waits")));

    // then
    assertThat(state(invoker)).isEqualTo(new RouteState("slow", "", 1, 1, 1, List.of("waits")));
    Duration running = Duration.ofMillis(20);
    long since = System.nanoTime();
    await().until(() -> System.nanoTime() - since > running.toNanos());
    Files.createFile(go);
    assertThat(await(second).queued()).isGreaterThan(running);
    assertThat(await(first).queued()).isLessThan(await(second).queued());
    await().until(() -> state(invoker).busy() == 0);
    assertThat(state(invoker).queued()).isZero();
    assertThat(state(invoker).processes()).isEqualTo(1);
  }

  private static RouteState state(LambdaInvoker invoker) {
    return invoker.routes().get(0);
  }

  @Test
  void answersWithNewCodeAtTheNextCall() throws Exception {
    // given
    LambdaInvoker invoker = stage.open(stage.python("edited", "import part\nhandler = part.run\n"));
    List<String> answers = new ArrayList<>();

    // when: the size is the same, and so may be the second of the time
    for (int version = 1; version <= 5; version++) {
      Path draft = stage.write("draft", "def run(e, c):\n  return " + version + "\n");
      Files.move(
          draft, directory.resolve("part.py"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      answers.add(text(await(invoker.invoke(call("edited", "{}")))));
    }

    // then
    assertThat(answers).containsExactly("1", "2", "3", "4", "5");
  }

  @Test
  void letsABusyProcessFinishWithOldCode() throws Exception {
    // given
    Path gate = directory.resolve("scratch/gate");
    Path begun = directory.resolve("scratch/begun");
    String code =
        """
        import os, time
        def handler(event, context):
            if event: open("%2$s", "w")
            while event and not os.path.exists("%1$s"): time.sleep(0.01)
            return "old"
        """
            .formatted(gate, begun);
    LambdaInvoker invoker = stage.open(stage.python("busy", code));
    assertThat(text(await(invoker.invoke(call("busy", "0"))))).isEqualTo("\"old\"");
    CompletableFuture<InvocationResult> busy = invoker.invoke(call("busy", "1"));
    await().atMost(Duration.ofSeconds(20)).until(() -> Files.exists(begun));

    // when
    stage.python("busy", code.replace("old", "new"));
    String next = text(await(invoker.invoke(call("busy", "0"))));
    Files.createFile(gate);

    // then
    assertThat(next).isEqualTo("\"new\"");
    assertThat(text(await(busy))).isEqualTo("\"old\"");
    assertThat(text(await(invoker.invoke(call("busy", "0"))))).isEqualTo("\"new\"");
  }

  @Test
  void startsNoMoreProcessesThanItsConcurrency() throws Exception {
    // given
    LocalFunction function =
        stage.python(
            "many",
            """
            import os, time
            def handler(event, context):
                time.sleep(0.02)
                return os.getpid()
            """);
    LambdaInvoker invoker = stage.open(with(function, Duration.ofSeconds(20), 4));

    // when
    List<CompletableFuture<InvocationResult>> calls =
        IntStream.range(0, 50).mapToObj(i -> invoker.invoke(call("many", "{}"))).toList();
    Set<String> processes = new HashSet<>();
    for (CompletableFuture<InvocationResult> each : calls) {
      processes.add(text(await(each)));
    }

    // then
    assertThat(processes).hasSizeBetween(1, 4).allMatch(pid -> pid.matches("\\d+"));
  }

  @Test
  void refusesCallsBeyondItsQueueInTheWordsOfTheService() throws Exception {
    // given
    restart(Duration.ofMinutes(1), 1);
    Path gate = directory.resolve("gate");
    LocalFunction function =
        stage.python(
            "throttled",
            """
            import os, time
            def handler(event, context):
                while not os.path.exists("%s"): time.sleep(0.01)
            """
                .formatted(gate));
    LambdaInvoker invoker = stage.open(with(function, Duration.ofSeconds(20), 1));
    CompletableFuture<InvocationResult> running = invoker.invoke(call("throttled", "{}"));
    CompletableFuture<InvocationResult> waiting = invoker.invoke(call("throttled", "{}"));

    // then
    assertThat(refusal(invoker, "throttled", "{}")).isEqualTo("Rate Exceeded.");
    Files.createFile(gate);
    assertThat(text(await(running))).isEqualTo("null");
    assertThat(text(await(waiting))).isEqualTo("null");
  }

  @Test
  void endsAFunctionThatTakesTooLongAndStartsAnotherProcess() throws Exception {
    // given
    LocalFunction function =
        stage.python(
            "slow",
            "import time\ndef handler(e, c):\n  print('begun')\n  time.sleep(e)\n  return e\n");
    LambdaInvoker invoker = stage.open(with(function, Duration.ofSeconds(1), 1));

    // when
    InvocationResult late = await(invoker.invoke(call("slow", "60")));
    InvocationResult next = await(invoker.invoke(call("slow", "0")));

    // then
    assertThat(text(late))
        .matches(
            "\\{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: [0-9a-f-]{36}"
                + " Error: Task timed out after 1.00 seconds\"}");
    assertThat(late.functionError()).isEqualTo("Unhandled");
    assertThat(log(late)).contains("\nbegun\n").endsWith("\tStatus: timeout\n");
    assertThat(text(next)).isEqualTo("0");
    assertThat(log(next)).contains("\tInit Duration: ");
  }

  @Test
  void letsTheFunctionRunOnWhenTheCallerHasWaitedForTooLong() throws Exception {
    // given
    Path done = directory.resolve("done");
    LambdaInvoker invoker =
        stage.open(
            stage.python(
                "late",
                "import time\ndef handler(e, c):\n  time.sleep(1)\n  open('%s', 'w')\n"
                    .formatted(done)));

    // when
    Throwable failure =
        catchThrowable(
            () ->
                await(
                    invoker.invoke(
                        call(
                            "late",
                            "{}",
                            InvocationType.REQUEST_RESPONSE,
                            Duration.ofMillis(200),
                            null))));

    // then
    assertThat(failure).hasRootCauseMessage("curlCode: 28, Timeout was reached");
    await().atMost(Duration.ofSeconds(20)).until(() -> Files.exists(done));
  }

  @Test
  void reportsAProcessThatExits() throws Exception {
    // given
    LambdaInvoker invoker =
        stage.open(stage.python("exit", "import os\ndef handler(e, c):\n  os._exit(e)\n"));

    // then
    assertThat(text(await(invoker.invoke(call("exit", "0")))))
        .endsWith(" Error: Runtime exited without providing a reason\"}");
    InvocationResult failed = await(invoker.invoke(call("exit", "7")));
    assertThat(text(failed))
        .startsWith("{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: ")
        .endsWith(" Error: Runtime exited with error: exit status 7\"}");
    assertThat(log(failed)).endsWith("\tStatus: error\tError Type: Runtime.ExitError\n");
  }

  @Test
  void loadsTheCodeAgainWithinTheInvocationWhenItCannotBeLoaded() throws Exception {
    // given
    LocalFunction function = stage.python("broken", "print('loading')\nimport nowhere\n");

    // when
    InvocationResult result = stage.run(function, "{}");

    // then
    String once =
        "loading\n\\[ERROR\\] Runtime.ImportModuleError: Unable to import module 'broken': No"
            + " module named 'nowhere'\rTraceback \\(most recent call last\\):\n"
            + "INIT_REPORT Init Duration: [0-9.]+ ms\tPhase: %s\tStatus: error\t"
            + "Error Type: Runtime.ImportModuleError\n";
    assertThat(log(result))
        .matches(
            "INIT_START [^\n]*\n"
                + once.formatted("init")
                + once.formatted("invoke")
                + "START [^\n]*\nEND [^\n]*\n"
                + "REPORT [^\n]* MB\tStatus: error\tError Type: Runtime.ImportModuleError\n");
  }

  @Test
  void runsAFunctionWhoseCodeIsLoadedAtTheSecondTry() throws Exception {
    // given
    restart(Duration.ofMinutes(1), 10);
    LocalFunction function =
        stage.python(
            "second",
            """
            import os, time
            if not os.path.exists("%1$s"):
                open("%1$s", "w")
                time.sleep(60)
            def handler(event, context):
                return "loaded"
            """
                .formatted(directory.resolve("scratch/first")));

    // when
    InvocationResult result = stage.run(function, "{}");

    // then
    assertThat(text(result)).isEqualTo("\"loaded\"");
    assertThat(log(result))
        .containsPattern("INIT_REPORT Init Duration: 2[0-9.]+ ms\tPhase: init\tStatus: timeout\n")
        .doesNotContain("Phase: invoke")
        .endsWith(" MB\t\n");
  }

  @Test
  void refusesAReplyThatIsTooLargeAndGoesOn() throws Exception {
    // given
    LambdaInvoker invoker =
        stage.open(
            stage.python("large", "import os\ndef handler(e, c):\n  return 'x' * (e - 2)\n"));
    String limit = Integer.toString(ServiceLimits.MAX_REPLY_BYTES);
    String more = Integer.toString(ServiceLimits.MAX_REPLY_BYTES + 1);

    // then
    assertThat(text(await(invoker.invoke(call("large", limit))))).hasSize(6291556);
    InvocationResult refused = await(invoker.invoke(call("large", more)));
    assertThat(text(refused))
        .isEqualTo(
            "{\"errorMessage\":\"Response payload size exceeded maximum allowed payload size"
                + " (6291556 bytes).\",\"errorType\":\"Function.ResponseSizeTooLarge\"}");
    assertThat(refused.functionError()).isEqualTo("Unhandled");
    assertThat(log(await(invoker.invoke(call("large", "9"))))).startsWith("START");
  }

  @Test
  void refusesPayloadsBeyondTheLimitsOfTheService() throws Exception {
    // given
    LambdaInvoker invoker = stage.open(stage.python("size", "def handler(e, c):\n  return 1\n"));
    String large = "\"" + "x".repeat(6 << 20) + "\"";

    // then
    assertThat(refusal(invoker, "size", large))
        .isEqualTo("Request must be smaller than 6291456 bytes for the InvokeFunction operation");
    assertThat(catchThrowable(() -> await(invoker.invoke(event("size", large.substring(1 << 20))))))
        .hasRootCauseMessage(
            "Request must be smaller than 1048576 bytes for the InvokeFunction operation");
  }

  @Test
  void knowsTheVersionsThatAreDeclaredAndNoOthers() throws Exception {
    // given
    LocalFunction function =
        stage.python(
            "versions",
            "def handler(e, c):\n  return [c.function_version, c.invoked_function_arn[-4:]]\n");
    LambdaInvoker invoker =
        stage.open(
            LocalFunctionStage.withVersions(function, Set.of("1", "2"), Map.of("live", "2")));

    // when
    InvocationResult live = await(invoker.invoke(call("versions:live", "{}")));
    InvocationResult latest = await(invoker.invoke(call("versions", "{}")));

    // then
    assertThat(text(live)).isEqualTo("[\"2\", \"live\"]");
    assertThat(live.executedVersion()).isEqualTo("2");
    assertThat(text(latest)).isEqualTo("[\"$LATEST\", \"ions\"]");
    assertThat(refusal(invoker, "versions:3", "{}"))
        .isEqualTo(
            "Function not found:" + " arn:aws:lambda:eu-west-1:000000000000:function:versions:3");
  }

  @Test
  void answersADryRunWithoutRunningAnything() throws Exception {
    LambdaInvoker invoker = stage.open(stage.python("dry", "raise OSError()\n"));

    InvocationResult result =
        await(
            invoker.invoke(call("dry", "{}", InvocationType.DRY_RUN, Duration.ofSeconds(5), null)));

    assertThat(result).isEqualTo(InvocationResult.ofStatus(204));
  }

  @Test
  void runsEveryEventOnceInOrderOfArrival() throws Exception {
    // given
    Path out = directory.resolve("scratch/out");
    LocalFunction function =
        stage.python(
            "events", "def handler(e, c):\n  open('%s', 'a').write(f'{e} ')\n".formatted(out));
    LambdaInvoker invoker = stage.open(with(function, Duration.ofSeconds(20), 1));

    // when
    for (int i = 0; i < 1000; i++) {
      assertThat(await(invoker.invoke(event("events", Integer.toString(i)))).withoutRun())
          .isEqualTo(InvocationResult.ofStatus(202));
    }

    // then
    String all = IntStream.range(0, 1000).mapToObj(i -> i + " ").collect(Collectors.joining());
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> Files.exists(out) && Files.size(out) >= all.length());
    assertThat(out).hasContent(all);
  }

  @Test
  void triesAnEventThatFailsTwiceMoreWithTheSameRequestId() throws Exception {
    // given
    Path out = directory.resolve("scratch/out");
    LambdaInvoker invoker =
        stage.open(
            stage.python(
                "retried",
                """
                def handler(event, context):
                    with open('%s', 'a') as out: out.write(context.aws_request_id + '\\n')
                    if event: raise ValueError("no")
                """
                    .formatted(out)));

    // when
    await(invoker.invoke(event("retried", "1")));
    await().atMost(Duration.ofSeconds(20)).until(() -> lines(out).size() == 3);
    await(invoker.invoke(event("retried", "0")));
    await().atMost(Duration.ofSeconds(20)).until(() -> lines(out).size() > 3);

    // then
    assertThat(lines(out)).hasSize(4);
    assertThat(new HashSet<>(lines(out).subList(0, 3))).hasSize(1);
  }

  @Test
  void tellsHowAnEventHasEndedButNotInTheLog() throws Exception {
    // given
    LambdaInvoker invoker =
        stage.open(
            stage.python(
                "dead",
                "def handler(event, context):\n    raise ValueError('a secret of ' + event)\n"));

    // when
    try (LogCapture proxyLog = LogCapture.of(EventBacklog.class)) {
      InvocationResult accepted = await(invoker.invoke(event("dead", "\"ann\"")));
      InvocationResult run = await(Objects.requireNonNull(accepted.run()));

      // then
      assertThat(run.functionError()).isEqualTo("Unhandled");
      assertThat(json(run).get("errorMessage").asText()).isEqualTo("a secret of ann");
      assertThat(log(run)).startsWith("START RequestId: ");
      assertThat(proxyLog.lines())
          .singleElement()
          .asString()
          .matches("Dead letter: event [-0-9a-f]+ of function dead failed 3 times");
    }
  }

  @Test
  void isDrainedWhenAllEventsHaveEndedAlsoThoseThatAreTriedAgain() throws Exception {
    // given
    Path out = directory.resolve("scratch/out");
    LambdaInvoker invoker =
        stage.open(
            stage.python(
                "drained",
                """
                def handler(event, context):
                    with open('%s', 'a') as out: out.write('run\\n')
                    raise ValueError("no")
                """
                    .formatted(out)));
    assertThat(invoker.drained().get(10, TimeUnit.SECONDS)).isNull();

    // when
    await(invoker.invoke(event("drained", "1")));
    await(invoker.invoke(event("drained", "2")));
    invoker.drained().get(30, TimeUnit.SECONDS);

    // then
    assertThat(lines(out)).hasSize(6);
  }

  @Test
  void mayEmptyItsTemporaryFolder() throws Exception {
    // given
    String code =
        """
        import os, shutil
        def handler(event, context):
            found = os.listdir(os.environ["TMPDIR"])
            for each in found: os.remove(os.path.join(os.environ["TMPDIR"], each))
            print("emptied")
            return found
        """;

    // when
    InvocationResult result = stage.run(stage.python("tidy", code), "{}");

    // then
    assertThat(text(result)).isEqualTo("[]");
    assertThat(log(result)).contains("\nemptied\n");
  }

  private static List<String> lines(Path file) throws java.io.IOException {
    return Files.exists(file) ? Files.readAllLines(file) : List.of();
  }

  @Test
  void endsAProcessThatHasNothingToDo() throws Exception {
    // given
    restart(Duration.ofMillis(100), 10);
    LambdaInvoker invoker =
        stage.open(stage.python("idle", "import os\ndef handler(e, c):\n  return os.getpid()\n"));

    // when
    long pid = json(await(invoker.invoke(call("idle", "{}")))).asLong();

    // then
    await().atMost(Duration.ofSeconds(10)).until(() -> ProcessHandle.of(pid).isEmpty());
    assertThat(json(await(invoker.invoke(call("idle", "{}")))).asLong()).isNotEqualTo(pid);
  }

  @Test
  void failsCallsInProgressWhenItIsClosed() throws Exception {
    // given
    LambdaInvoker invoker =
        stage.open(stage.python("closed", "import time\ndef handler(e, c):\n  time.sleep(60)\n"));
    CompletableFuture<InvocationResult> running = invoker.invoke(call("closed", "{}"));

    // when
    invoker.close();

    // then
    assertThat(catchThrowable(() -> await(running)))
        .hasRootCauseMessage("The Lambda client is shut down");
    assertThat(refusal(invoker, "closed", "{}")).isEqualTo("The Lambda client is shut down");
  }
}
