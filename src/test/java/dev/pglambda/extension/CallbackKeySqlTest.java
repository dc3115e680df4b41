package dev.pglambda.extension;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.sql.ExtensionStatements;
import dev.pglambda.sql.SqlText;
import dev.pglambda.testing.PostgresServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a role is told before it is given keys. */
@ParameterizedClass
@MethodSource("versions")
class CallbackKeySqlTest {
  private static final String TRUSTED = "offer_trusted";
  private static final String OTHER = "offer_other";
  private static final String INSTALL = "CREATE EXTENSION aws_lambda CASCADE";
  private static final String STORED = OfferedKeys.SETTINGS.installation();
  private static final TrustedRoles TRUSTED_ROLES = TrustedRoles.of(List.of(TRUSTED));

  private final CallbackKeySql offer = CallbackKeySql.of(TRUSTED_ROLES);
  private final PostgresServer server;
  private final String database;

  CallbackKeySqlTest(String version) throws SQLException {
    server = PostgresServer.of(version);
    database = server.createDatabase();
    server.execute(
        "CREATE ROLE " + TRUSTED + " LOGIN",
        "CREATE ROLE " + OTHER + " LOGIN",
        "GRANT CREATE ON DATABASE %s TO %s, %s".formatted(database, TRUSTED, OTHER));
  }

  static List<String> versions() {
    return PostgresServer.versions();
  }

  @AfterEach
  void drop() throws SQLException {
    server.execute("DROP DATABASE " + database, "DROP ROLE " + TRUSTED, "DROP ROLE " + OTHER);
  }

  private void execute(String role, String... statements) throws SQLException {
    try (Connection connection = server.connect(database, role, "");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private void install(String role) throws SQLException {
    String block =
        new ExtensionInstaller(TRUSTED_ROLES)
            .install(ExtensionStatements.find(new SqlText(INSTALL, true)).get(0), INSTALL);
    execute(role, OfferedKeys.to(block, TRUSTED_ROLES));
  }

  /** The two columns, with a bar between them. */
  private String ask(String role, String... before) throws SQLException {
    try (Connection connection = server.connect(database, role, "");
        Statement statement = connection.createStatement()) {
      for (String sql : before) {
        statement.execute(sql);
      }
      try (ResultSet row = statement.executeQuery(offer.ask())) {
        assertThat(row.next()).isTrue();
        String answer = row.getString(1) + "|" + row.getString(2);
        assertThat(row.next()).isFalse();
        return answer;
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"postgres", TRUSTED})
  void saysYesToWhoIsTrustedAndMayInstall(String role) throws SQLException {
    assertThat(ask(role)).isEqualTo("t|null");
    install(role);

    assertThat(ask(role)).isEqualTo("t|" + STORED);
    assertThat(ask("postgres")).isEqualTo(role.equals("postgres") ? "t|" + STORED : "t|null");
    assertThat(ask(OTHER)).isEqualTo("f|null");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "SET search_path = pglambda, public", "SET row_security = off"})
  void saysNoToAnybodyElse(String setting) throws SQLException {
    assertThat(ask(OTHER, setting)).isEqualTo("f|null");
    execute("postgres", "REVOKE CREATE ON DATABASE " + database + " FROM " + TRUSTED);
    assertThat(ask(TRUSTED, setting)).isEqualTo("f|null");
    execute("postgres", "GRANT CREATE ON DATABASE " + database + " TO " + TRUSTED);
    install("postgres");
    assertThat(ask(TRUSTED, setting)).isEqualTo("f|null");
    assertThat(ask(OTHER, setting)).isEqualTo("f|null");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CREATE TABLE pglambda.settings (installation text)",
        "CREATE VIEW pglambda.settings AS SELECT 1 / 0 AS installation",
        "CREATE FUNCTION pglambda.ask() RETURNS text LANGUAGE sql AS 'SELECT NULL::text'",
        "SELECT 1",
      })
  void saysNoWhereSomebodyElseHasMadeWhatLooksInstalled(String object) throws SQLException {
    execute(OTHER, "CREATE SCHEMA pglambda", object);

    assertThat(ask("postgres")).isEqualTo("f|null");
    assertThat(ask(TRUSTED)).isEqualTo("f|null");
    assertThat(ask(OTHER)).isEqualTo("f|null");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CREATE RULE t AS ON UPDATE TO pglambda.settings DO ALSO SELECT 1",
        "CREATE POLICY t ON pglambda.settings",
        "CREATE TABLE public.child () INHERITS (pglambda.settings)",
        "CREATE FUNCTION pglambda.more() RETURNS text LANGUAGE sql AS 'SELECT NULL::text';"
            + " ALTER FUNCTION pglambda.more() OWNER TO offer_other",
      })
  void saysNoWhereTheTableOrAFunctionIsNotAsItWas(String change) throws SQLException {
    install("postgres");
    execute("postgres", change);

    assertThat(ask("postgres")).startsWith("f|");
  }
}
