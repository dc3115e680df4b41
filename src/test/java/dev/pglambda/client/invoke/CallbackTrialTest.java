package dev.pglambda.client.invoke;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LogCapture;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The first session of a database tells whether the server can call back, before a call fails. */
@ParameterizedClass
@MethodSource("versions")
class CallbackTrialTest {
  private static final String SECRET = "one secret of at least 32 octets";

  private final PostgresServer postgres;
  private final String database;
  private final FakeLambdaEndpoint lambda = FakeLambdaEndpoint.start();
  private final LogCapture log = LogCapture.of("dev.pglambda.CallbackTrial").at(Level.INFO);

  CallbackTrialTest(String version) throws SQLException {
    postgres = PostgresServer.of(version);
    database = postgres.createDatabase();
    lambda.on("f", Reply.json("1"));
  }

  static List<String> versions() {
    return PostgresServer.versions();
  }

  private ProxyUnderTest proxy(String... arguments) throws Exception {
    String[] all = new String[arguments.length + 2];
    all[0] = "--callback-secret";
    all[1] = SECRET;
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return ProxyUnderTest.start(postgres, lambda, all);
  }

  @BeforeEach
  void install() throws Exception {
    try (ProxyUnderTest proxy = proxy();
        Connection connection = proxy.connect(database)) {
      Queries.execute(connection, "CREATE EXTENSION aws_lambda CASCADE");
    }
    assertThat(log.lines()).isEmpty();
  }

  @AfterEach
  void close() {
    log.close();
    lambda.close();
  }

  @Test
  void saysOnceThatItCan() throws Exception {
    try (ProxyUnderTest proxy = proxy()) {
      for (int i = 0; i < 3; i++) {
        try (Connection connection = proxy.connect(database)) {
          assertThat(log.lines())
              .containsExactly("PostgreSQL calls back: tried in database " + database);
          assertThat((Throwable) connection.getWarnings()).isNull();
          assertThat(Queries.row(connection, "SELECT 1")).isEqualTo("1");
        }
      }
    }
    assertThat(lambda.requests()).isEmpty();
  }

  @Test
  void saysOnceThatItCannotAndWhatToSet() throws Exception {
    String nowhere = "127.0.0.1:" + FakeLambdaEndpoint.refusing().getPort();
    try (ProxyUnderTest proxy = proxy("--callback-address", nowhere)) {
      for (int i = 0; i < 3; i++) {
        try (Connection connection = proxy.connect(database)) {
          assertThat((Throwable) connection.getWarnings()).isNull();
          assertThat(Queries.row(connection, "SHOW statement_timeout")).isEqualTo("0");
        }
      }
    }
    assertThat(log.lines()).hasSize(1);
    assertThat(log.lines().get(0))
        .startsWith("PostgreSQL cannot call back: tried in database " + database)
        .contains("at " + nowhere, "refused", "--callback-address");
  }

  @Test
  void asksARoleThatMayNotCallForNothing() throws Exception {
    String role = "uninvited_" + database;
    postgres.execute("CREATE ROLE " + role + " LOGIN");
    try (ProxyUnderTest proxy = proxy("--callback-address", "127.0.0.1:1");
        Connection connection = proxy.connect(database, role, "", "")) {
      assertThat(Queries.row(connection, "SELECT 1")).isEqualTo("1");
    } finally {
      postgres.execute("DROP ROLE " + role);
    }
    assertThat(log.lines()).isEmpty();
  }

  /**
   * A role that may not call tries nothing; the parameter in which an outcome is kept is anybody's.
   */
  @ParameterizedTest
  @ValueSource(strings = {"22004", "08001"})
  void believesNoOutcomeThatTheClientHasBrought(String sqlState) throws Exception {
    String role = "forger_" + database;
    postgres.execute("CREATE ROLE " + role + " LOGIN");
    String options = "&options=-c%20pglambda.trial=" + sqlState + "%01brought%01along";
    try (ProxyUnderTest proxy = proxy("--callback-address", "127.0.0.1:1");
        Connection connection = proxy.connect(database, role, "", options)) {
      assertThat(Queries.row(connection, "SHOW pglambda.trial")).contains("brought");
    } finally {
      postgres.execute("DROP ROLE " + role);
    }
    assertThat(log.lines()).isEmpty();
  }

  /** Nobody has asked for the call, so that it must not lend anybody the session's privileges. */
  @Test
  void runsNothingOfAnotherRoleThatIsNoSuperuser() throws Exception {
    String owner = "owner_" + database;
    postgres.execute("CREATE ROLE " + owner + " LOGIN");
    try (Connection direct = postgres.connect(database)) {
      Queries.execute(
          direct,
          "GRANT USAGE ON SCHEMA aws_lambda TO " + owner,
          "ALTER FUNCTION aws_lambda.invoke(text, json, text, text, text, json, varchar) OWNER TO "
              + owner);
      assertThat(linesOfASession("postgres", owner)).isEmpty();
      assertThat(linesOfASession(owner, owner))
          .singleElement()
          .asString()
          .contains("tried in database " + database);
    } finally {
      try (Connection direct = postgres.connect(database)) {
        Queries.execute(
            direct, "REASSIGN OWNED BY " + owner + " TO postgres", "DROP OWNED BY " + owner);
      }
      postgres.execute("DROP ROLE " + owner);
    }
  }

  private List<String> linesOfASession(String user, String trusted) throws Exception {
    try (ProxyUnderTest proxy = proxy("--trusted-roles", trusted);
        Connection connection = proxy.connect(database, user, "", "")) {
      assertThat(Queries.row(connection, "SELECT 1")).isEqualTo("1");
      return log.lines();
    }
  }

  @Test
  void isNoCallOfTheClients() throws Exception {
    try (ProxyUnderTest proxy = proxy();
        Connection connection =
            proxy.connect(database, "postgres", "", "&preferQueryMode=simple&autosave=never")) {
      connection.setAutoCommit(false);
      assertThat(
              Queries.row(connection, "SELECT status_code FROM aws_lambda.invoke('f', '1'::json)"))
          .isEqualTo("200");
      connection.rollback();
    }
    assertThat(lambda.requests()).hasSize(1);
  }
}
