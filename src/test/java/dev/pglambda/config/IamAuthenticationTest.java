package dev.pglambda.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.ConfigLoader.Exit;
import dev.pglambda.config.ConfigLoader.Run;
import dev.pglambda.config.HostAndPort.HostAndOptionalPort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which options {@code --iam-*} go together, and what they mean then. */
class IamAuthenticationTest {
  private static final String PASSWORD = "p\u00e4ss word";

  @TempDir private Path directory;

  private static @Nullable IamAuthentication load(String... arguments) {
    return load(Map.of(), arguments);
  }

  private static @Nullable IamAuthentication load(
      Map<String, String> environment, String... arguments) {
    ConfigLoader.LoadResult result = ConfigLoader.load(arguments, environment);
    assertThat(result).isInstanceOf(Run.class);
    assertThat(result.toString()).doesNotContain(PASSWORD);
    return ((Run) result).config().iam();
  }

  private static String refusal(String... arguments) {
    ConfigLoader.LoadResult result = ConfigLoader.load(arguments, Map.of());
    assertThat(result).isInstanceOf(Exit.class);
    return ((Exit) result).message();
  }

  @Test
  void isOffUnlessAskedFor() {
    assertThat(load()).isNull();
    assertThat(load("--iam-auth", "off")).isNull();
  }

  @Test
  void knowsModeUsersHostAndPassword() {
    assertThat(load("--iam-auth", "on", "--iam-users", "a, b"))
        .isEqualTo(new IamAuthentication(false, List.of("a", "b"), List.of(), null));
    assertThat(load("--iam-auth=unverified", "--iam-users=*", "--iam-host=DB.example"))
        .isEqualTo(
            new IamAuthentication(
                true, List.of("*"), List.of(new HostAndOptionalPort("DB.example", null)), null));
    assertThat(
            load(
                Map.of(
                    "PGLAMBDA_IAM_AUTH", "ON",
                    "PGLAMBDA_IAM_USERS", "a",
                    "PGLAMBDA_IAM_HOST", "[::1]:5432, db",
                    "PGLAMBDA_IAM_PASSWORD", PASSWORD)))
        .isEqualTo(
            new IamAuthentication(
                false,
                List.of("a"),
                List.of(new HostAndOptionalPort("::1", 5432), new HostAndOptionalPort("db", null)),
                new Password(PASSWORD)));
  }

  @Test
  void readsThePasswordFromAFileWithoutItsLineEnd() throws IOException {
    Path file = Files.writeString(directory.resolve("password"), PASSWORD + "\r\n");
    IamAuthentication expected =
        new IamAuthentication(false, List.of("a"), List.of(), new Password(PASSWORD));

    assertThat(load("--iam-auth", "on", "--iam-users", "a", "--iam-password-file", file.toString()))
        .isEqualTo(expected);
    assertThat(
            load(
                Map.of("PGLAMBDA_IAM_PASSWORD", "another"),
                "--iam-auth",
                "on",
                "--iam-users",
                "a",
                "--iam-password-file",
                file.toString()))
        .isEqualTo(expected);
  }

  @Test
  void refusesAFileItCannotUse() throws IOException {
    Path empty = Files.writeString(directory.resolve("empty"), "\n");
    Path twoLines = Files.writeString(directory.resolve("two"), PASSWORD + "\n" + PASSWORD + "\n");
    Path latin = Files.write(directory.resolve("latin"), new byte[] {(byte) 0xe4});

    assertThat(refusalOf(directory.resolve("missing"))).contains("no such file");
    assertThat(refusalOf(directory)).contains("cannot be read");
    assertThat(refusalOf(empty)).contains("0 characters, not shown");
    assertThat(refusalOf(twoLines)).contains("19 characters, not shown");
    assertThat(refusalOf(latin)).contains("not in UTF-8");
  }

  private static String refusalOf(Path file) {
    String message =
        refusal("--iam-auth", "on", "--iam-users", "a", "--iam-password-file", file.toString());
    assertThat(message)
        .startsWith("--iam-password-file: \"" + file + "\", ")
        .endsWith("(expected: a readable file of 1 to 1000 characters in UTF-8)")
        .doesNotContain(PASSWORD);
    return message;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--iam-auth yes | --iam-auth: \"yes\" (expected: on, unverified or off)",
        "--iam-auth on | --iam-auth: nobody to authenticate (expected: beside --iam-users)",
        "--iam-users a | --iam-users: IAM authentication is off (expected: beside --iam-auth on)",
        "--iam-auth off --iam-host h | --iam-host: IAM authentication is off (expected: beside"
            + " --iam-auth on)",
        "--iam-password x | --iam-password: IAM authentication is off (expected: beside --iam-auth"
            + " on)",
        "--iam-auth on --iam-users a,,b | --iam-users: \"a,,b\" (expected: names of users, in ASCII,"
            + " with commas between them, or *)",
        "--iam-auth on --iam-users a --iam-host :1 | --iam-host: \":1\" (expected: host, host:port or"
            + " [IPv6]:port, with a port from 1 to 65535, with commas between several)",
        "--iam-auth on --iam-users a --iam-host a,,b | --iam-host: \"a,,b\" (expected: host,"
            + " host:port or [IPv6]:port, with a port from 1 to 65535, with commas between several)",
        "--iam-auth on --iam-users a --iam-password x\ty | --iam-password: 3 characters, not shown"
            + " (expected: 1 to 1000 characters without control characters)",
        "--iam-auth on --iam-users a --iam-password x --iam-password-file f | --iam-password-file:"
            + " \"f\" (expected: not beside --iam-password, which is given too)",
      })
  void refusesWhatMeansNothing(String options, String message) {
    assertThat(refusal(options.split(" ", -1))).isEqualTo(message);
  }
}
