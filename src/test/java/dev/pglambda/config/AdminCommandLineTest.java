package dev.pglambda.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.pglambda.config.AdminCommand.Calls;
import dev.pglambda.config.AdminCommand.ReplayCall;
import dev.pglambda.config.ConfigLoader.Exit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class AdminCommandLineTest {
  private static final HostAndPort DEFAULT = new HostAndPort("127.0.0.1", 5480);
  private static final String TOKEN = "0123456789abcdef";

  @TempDir private Path directory;

  private static ConfigLoader.LoadResult load(String... arguments) {
    return ConfigLoader.load(arguments, Map.of());
  }

  @Test
  void fillsInDefaults() {
    assertThat(load("calls")).isEqualTo(new Calls(DEFAULT, null, false, false, null, 20, false));
    assertThat(load("replay", "12")).isEqualTo(new ReplayCall(DEFAULT, null, 12, null, false));
  }

  @Test
  void readsEveryOption() throws IOException {
    Path token = Files.writeString(directory.resolve("token"), TOKEN + "\n");
    Path payload = Files.writeString(directory.resolve("payload"), "{\"a\": \"é\"}\n");
    HostAndPort address = new HostAndPort("::1", 6000);

    assertThat(
            load(
                ("calls --follow --failed --function f --limit=7 --json --admin [::1]:6000"
                        + " --admin-token-file "
                        + token)
                    .split(" ", -1)))
        .isEqualTo(new Calls(address, new Password(TOKEN), true, true, "f", 7, true));
    assertThat(load("replay", "--payload", "-1", "12", "--json"))
        .isEqualTo(new ReplayCall(DEFAULT, null, 12, "-1", true));
    assertThat(load("replay", "12", "--payload-file", payload.toString()))
        .isEqualTo(new ReplayCall(DEFAULT, null, 12, "{\"a\": \"é\"}\n", false));
  }

  /** The same variables tell a proxy where to listen. */
  @ParameterizedTest
  @CsvSource({
    "off, 127.0.0.1:5480",
    ":6000, 127.0.0.1:6000",
    "0.0.0.0:6000, 127.0.0.1:6000",
    "[::]:6000, [::1]:6000",
    "db.example, db.example:5480"
  })
  void findsTheProxyThatTheVariablesMean(String variable, String address) {
    Calls calls =
        (Calls)
            ConfigLoader.load(
                new String[] {"calls"},
                Map.of("PGLAMBDA_ADMIN", variable, "PGLAMBDA_ADMIN_TOKEN", TOKEN));

    assertThat(calls.admin()).hasToString(address);
    assertThat(calls.token()).isEqualTo(new Password(TOKEN));
  }

  static Stream<Arguments> wrong() {
    return Stream.of(
        arguments("calls --bogus=x", "calls: \"--bogus\" (expected: what calls --help lists)"),
        arguments("calls 12", "calls: \"12\" (expected: what calls --help lists)"),
        arguments("calls --limit 0", "--limit: \"0\" (expected: a whole number from 1 to 100000)"),
        arguments(
            "calls --admin h:0",
            "--admin: \"h:0\" (expected: host:port, :port or [IPv6]:port, with a port from 1 to"
                + " 65535)"),
        arguments(
            "calls --admin no_host",
            "--admin: \"no_host\" (expected: host:port, :port or [IPv6]:port, with a port from 1 to"
                + " 65535)"),
        arguments(
            "replay", "replay: no number (expected: the number of a call, which calls lists)"),
        arguments("replay 0", "replay: \"0\" (expected: the number of a call, which calls lists)"),
        arguments(
            "replay 1 --payload {} --payload-file f",
            "--payload-file: \"f\" (expected: not beside --payload)"),
        arguments(
            "replay 1 --payload-file /no/such/file",
            "--payload-file: \"/no/such/file\", cannot be read (expected: a readable file in"
                + " UTF-8)"));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void saysWhatIsWrong(String line, String message) {
    assertThat(load(line.split(" ", -1))).isEqualTo(new Exit(2, message));
  }

  @Test
  void saysWhichOptionLacksItsValue() {
    Exit exit = (Exit) load("calls", "--function");

    assertThat(exit.code()).isEqualTo(2);
    assertThat(exit.message()).startsWith("calls: ").contains("--function").hasLineCount(1);
  }

  @Test
  void printsHelpOfItsOwn() {
    for (String command : List.of("calls", "replay")) {
      Exit exit = (Exit) load(command, "--help");

      assertThat(exit.code()).isZero();
      assertThat(exit.message())
          .startsWith("Usage: java -jar target/pg-lambda-proxy.jar " + command)
          .contains("--json", "--admin host:port", "PGLAMBDA_ADMIN_TOKEN_FILE")
          .doesNotContain("%n");
      assertThat(exit.message().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThan(101));
    }
  }
}
