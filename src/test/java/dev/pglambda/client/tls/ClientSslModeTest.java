package dev.pglambda.client.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Psql;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.TestIdentity;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Each {@code sslmode} of a client before the proxy, and before a server that is set the same. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.PostgresServer#versions")
@Timeout(120)
class ClientSslModeTest {
  private static final TestIdentity AUTHORITY = TestIdentity.authority("Test authority");
  private static final TestIdentity OTHER = TestIdentity.authority("Other authority");
  private static final List<String> MODES =
      List.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");
  private static final String ROLE = "ssl_client";

  private static final String PLAIN = "plain";
  private static final String ENCRYPTED = "encrypted";
  private static final String NO_SSL = "server does not support SSL, but SSL was required";
  private static final String REFUSED =
      "FATAL:  no pg_hba.conf entry for host \"127.0.0.1\", user \"ssl_client\", database"
          + " \"postgres\", no encryption";
  private static final String NOT_SIGNED = "SSL error: certificate verify failed";
  private static final String OF_OTHER_HOST =
      "server certificate for \"db.example\" does not match host name \"localhost\"";

  /** What there is to connect to, and what becomes of a connection of psql by each mode. */
  enum Setting {
    WITH_CERTIFICATE(PLAIN, PLAIN, ENCRYPTED, ENCRYPTED, ENCRYPTED, ENCRYPTED),
    WITHOUT(PLAIN, PLAIN, PLAIN, NO_SSL, NO_SSL, NO_SSL),
    REQUIRED(REFUSED, ENCRYPTED, ENCRYPTED, ENCRYPTED, ENCRYPTED, ENCRYPTED),
    OF_OTHER_AUTHORITY(PLAIN, PLAIN, ENCRYPTED, ENCRYPTED, NOT_SIGNED, NOT_SIGNED),
    OF_OTHER_HOST(PLAIN, PLAIN, ENCRYPTED, ENCRYPTED, ENCRYPTED, ClientSslModeTest.OF_OTHER_HOST);

    @SuppressWarnings("ImmutableEnumChecker") // made by List.of
    final List<String> expected;

    Setting(String... expected) {
      this.expected = List.of(expected);
    }

    private @Nullable TestIdentity shown() {
      return switch (this) {
        case WITHOUT -> null;
        case WITH_CERTIFICATE, REQUIRED -> AUTHORITY.sign("server", "localhost");
        case OF_OTHER_AUTHORITY -> OTHER.sign("server", "localhost");
        case OF_OTHER_HOST -> AUTHORITY.sign("server", "db.example");
      };
    }
  }

  private final PostgresServer behind;
  private final PostgresServer compared;

  @TempDir private Path directory;

  ClientSslModeTest(String version) {
    behind = PostgresServer.of(version);
    compared = PostgresServer.withTls(version);
  }

  @BeforeEach
  void createRole() throws SQLException {
    for (PostgresServer each : List.of(behind, compared)) {
      each.execute("CREATE ROLE " + ROLE + " LOGIN");
    }
  }

  @AfterEach
  void forget() throws SQLException {
    compared.setTlsOff();
    compared.resetHba();
    for (PostgresServer each : List.of(behind, compared)) {
      each.execute("DROP ROLE " + ROLE);
    }
  }

  private ProxyUnderTest proxy(Setting setting) throws Exception {
    List<String> arguments = new ArrayList<>();
    TestIdentity shown = setting.shown();
    if (shown != null) {
      arguments.addAll(shown.shownIn(directory, "p"));
    }
    if (setting == Setting.REQUIRED) {
      arguments.addAll(List.of("--tls-mode", "require"));
    }
    return ProxyUnderTest.start(behind, arguments.toArray(String[]::new));
  }

  private void setServer(Setting setting) throws SQLException {
    TestIdentity shown = setting.shown();
    if (shown == null) {
      compared.setTlsOff();
    } else {
      compared.setTls(shown, AUTHORITY);
    }
    String type = setting == Setting.REQUIRED ? "hostssl" : "host";
    compared.setHbaOnly(type + " all " + ROLE + " 127.0.0.1/32 trust");
  }

  @ParameterizedTest
  @EnumSource
  void meansToPsqlWhatItMeansBeforeTheServer(Setting setting) throws Exception {
    setServer(setting);
    try (ProxyUnderTest proxy = proxy(setting)) {
      for (int i = 0; i < MODES.size(); i++) {
        String mode = MODES.get(i);
        String proxied = psql(proxy.port(), mode);
        assertThat(proxied).as(mode).isEqualTo(setting.expected.get(i));
        assertThat(psql(compared.port(), mode)).as(mode + ", directly").isEqualTo(proxied);
      }
    }
  }

  /** {@link #PLAIN}, {@link #ENCRYPTED}, or why there is no connection, in libpq's words. */
  private String psql(int port, String mode) throws IOException, InterruptedException {
    String connection =
        "host=localhost hostaddr=127.0.0.1 port=%d user=%s dbname=postgres sslmode=%s%s"
            .formatted(port, ROLE, mode, isVerifying(mode) ? " sslrootcert=" + root() : "");
    Psql.Output output =
        Psql.program("psql", "--no-psqlrc", "--no-password", connection).run("\\conninfo");
    if (output.exitCode() == 0) {
      return output.text().contains("SSL connection (protocol: ") ? ENCRYPTED : PLAIN;
    }
    return output
        .text()
        .strip()
        .replaceFirst("^psql: error: (connection to server at .*, port \\d+ failed: )?", "")
        .replace("SSL off", "no encryption"); // PostgreSQL 13 and older
  }

  private static boolean isVerifying(String mode) {
    return mode.startsWith("verify");
  }

  private Path root() {
    return AUTHORITY.certificateIn(directory, "root.crt");
  }

  /** How a connection of pgjdbc ends, which knows the same modes; its words are its own. */
  @ParameterizedTest
  @EnumSource
  void meansToPgjdbcWhatItMeansBeforeTheServer(Setting setting) throws Exception {
    setServer(setting);
    try (ProxyUnderTest proxy = proxy(setting)) {
      for (int i = 0; i < MODES.size(); i++) {
        String mode = MODES.get(i);
        String proxied = pgjdbc(proxy.port(), mode);
        boolean works = List.of(PLAIN, ENCRYPTED).contains(setting.expected.get(i));
        assertThat(proxied.equals("works")).as(mode + ": " + proxied).isEqualTo(works);
        assertThat(pgjdbc(compared.port(), mode)).as(mode + ", directly").isEqualTo(proxied);
      }
    }
  }

  private String pgjdbc(int port, String mode) {
    String url =
        "jdbc:postgresql://localhost:%d/postgres?sslmode=%s%s"
            .formatted(port, mode, isVerifying(mode) ? "&sslrootcert=" + root() : "");
    try (Connection connection = DriverManager.getConnection(url, ROLE, "")) {
      return Queries.row(connection, "SELECT 'works'");
    } catch (SQLException e) {
      return Objects.toString(e.getMessage()).replace("SSL off", "no encryption");
    }
  }
}
