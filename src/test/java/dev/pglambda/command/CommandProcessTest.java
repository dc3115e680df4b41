package dev.pglambda.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.Main;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands as processes of their own. */
@Timeout(60)
class CommandProcessTest {
  @TempDir private Path directory;

  private ProcessBuilder process(String... arguments) {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xlog:class+load:file=" + directory.resolve("classes"),
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName());
    builder.command().addAll(List.of(arguments));
    builder.environment().keySet().removeIf(name -> !name.equals("PATH"));
    return builder;
  }

  @Test
  void loadsNothingOfTheProxy() throws Exception {
    try (StandInAdmin admin = new StandInAdmin()) {
      admin.has("{\"id\":1,\"function_name\":\"é\"}");

      Process process = process("calls", "--json", "--admin", admin.address().toString()).start();

      assertThat(new String(process.getInputStream().readAllBytes(), UTF_8))
          .isEqualTo("{\"id\":1,\"function_name\":\"é\"}\n");
      assertThat(process.waitFor()).isZero();
      assertThat(Files.readString(directory.resolve("classes")))
          .contains("dev.pglambda.command.CallsCommand")
          .doesNotContain("io.netty", "software.amazon", "ch.qos.logback", "dev.pglambda.relay");
    }
  }

  /** As {@code calls --follow | head -1} does. */
  @Test
  void endsWhenNobodyReadsAnyMore() throws Exception {
    try (StandInAdmin admin = new StandInAdmin()) {
      admin.has("{\"id\":1,\"outcome\":\"ok\"}");
      Process process = process("calls", "--follow", "--admin", admin.address().toString()).start();
      assertThat(process.inputReader(UTF_8).readLine()).startsWith("#1 ");

      process.getInputStream().close();
      for (int id = 2; id < 5; id++) {
        admin.tells("event: invocation\ndata: {\"id\":" + id + ",\"outcome\":\"ok\"}\n\n");
      }

      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
      assertThat(process.errorReader(UTF_8).readLine()).isNull();
    }
  }
}
