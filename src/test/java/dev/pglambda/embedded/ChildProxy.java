package dev.pglambda.embedded;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Another process that starts an embedded PostgreSQL, to be killed. */
final class ChildProxy implements AutoCloseable {

  private final Process process;
  private final String answer;

  private ChildProxy(Process process, String answer) {
    this.process = process;
    this.answer = answer;
  }

  /** The child's program: says how it went, then keeps the server until its input ends. */
  public static void main(String[] arguments) throws Exception {
    EmbeddedPostgres.EmbeddedSettings settings =
        new EmbeddedPostgres.EmbeddedSettings(Path.of(arguments[0]), 0, Map.of(), Map.of());
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings, line -> {})) {
      System.out.println(postgres.port() + " " + postgres.process().pid());
      System.in.read();
    } catch (EmbeddedPostgresException e) {
      System.out.println(e.getMessage());
    }
  }

  /** Starts a child and waits for its answer. */
  static ChildProxy start(Path dataDir, Map<String, String> environment) throws IOException {
    String ownClassPath = System.getProperty("java.class.path");
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx128m",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("surefire.test.class.path", ownClassPath),
            ChildProxy.class.getName(),
            dataDir.toString());
    builder.environment().putAll(environment);
    Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String line =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
            .readLine();
    return new ChildProxy(process, String.valueOf(line));
  }

  /** The first line of its output: an error message, if it did not start a server. */
  String answer() {
    return answer;
  }

  int port() {
    return Integer.parseInt(answer.split(" ", -1)[0]);
  }

  /** The server's process, if it is still there. */
  Optional<ProcessHandle> postgres() {
    return ProcessHandle.of(Long.parseLong(answer.split(" ", -1)[1]));
  }

  /** Ends the process as SIGKILL does, without a chance to stop its server. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Leaves nothing behind, however the test ended. */
  @Override
  public void close() {
    process.destroyForcibly();
    if (answer.matches("\\d+ \\d+")) {
      postgres().ifPresent(ProcessHandle::destroyForcibly);
    }
  }
}
