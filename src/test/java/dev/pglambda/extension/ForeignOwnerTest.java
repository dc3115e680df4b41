package dev.pglambda.extension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.sql.ExtensionStatement;
import dev.pglambda.sql.ExtensionStatements;
import dev.pglambda.sql.SqlText;
import dev.pglambda.testing.PostgresServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A role that may create schemas in a database, but is not superuser, has made objects with our
 * names before a superuser installs the extension. None of its code may run as the superuser.
 */
class ForeignOwnerTest {
  private static final String OWNER = "foreign_owner";
  private static final String INSTALL = "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE";

  private static final String TRAP =
      "LANGUAGE plpgsql AS $$ BEGIN ALTER ROLE " + OWNER + " SUPERUSER; ";

  private static final String[] LOOKS_INSTALLED = {
    "CREATE SCHEMA aws_commons",
    "CREATE TYPE aws_commons._lambda_function_arn_1 AS (function_name text, region text)",
    "CREATE TYPE aws_commons._s3_uri_1 AS ()",
    "CREATE TYPE aws_commons._aws_credentials_1 AS ()",
    "CREATE SCHEMA aws_lambda",
    "CREATE FUNCTION aws_lambda.invoke() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA pglambda",
    "CREATE TABLE pglambda.settings (one_row boolean PRIMARY KEY DEFAULT true,"
        + " link_password text, ipad bytea, opad bytea, host text, port integer)"
  };

  private TrustedRoles trusted = TrustedRoles.of(List.of(OWNER));

  private @Nullable PostgresServer server;
  private String database = "";

  static Iterable<String> versions() {
    return PostgresServer.versions();
  }

  @BeforeEach
  void forget() {
    server = null;
  }

  @AfterEach
  void dropEverything() throws SQLException {
    if (server != null) {
      asSuperuser("postgres", "DROP DATABASE " + database, "DROP ROLE " + OWNER);
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void runsNoTriggerOfAnothersTableWhenItStoresTheKeys(String version) throws SQLException {
    // Given
    prepare(version);
    asOwner(LOOKS_INSTALLED);
    asOwner(
        "CREATE FUNCTION pglambda.trap() RETURNS trigger " + TRAP + "RETURN NEW; END $$",
        "CREATE TRIGGER trap BEFORE INSERT OR UPDATE OR DELETE ON pglambda.settings"
            + " FOR EACH ROW EXECUTE FUNCTION pglambda.trap()");

    // When
    asSuperuser(database, installing(INSTALL));

    // Then
    assertThat(isSuperuser()).isFalse();
    assertThat(value(OWNER, "SELECT host || ':' || port FROM pglambda.settings"))
        .isEqualTo("proxy.example:6543");
  }

  @ParameterizedTest
  @MethodSource("versions")
  void canStoreTheKeysAgainInAnothersTable(String version) throws SQLException {
    prepare(version);
    asOwner(LOOKS_INSTALLED);

    asSuperuser(database, installing(INSTALL), installing("ALTER EXTENSION aws_lambda UPDATE"));

    assertThat(value(OWNER, "SELECT count(*) FROM pglambda.settings")).isEqualTo("1");
  }

  @ParameterizedTest
  @MethodSource("versions")
  void givesNoKeysToARoleThatIsNotTrusted(String version) throws SQLException {
    prepare(version);
    asOwner(LOOKS_INSTALLED);
    trusted = TrustedRoles.of(List.of());

    String install = installing(INSTALL);
    assertThatThrownBy(() -> asSuperuser(database, install))
        .hasMessageContaining("belongs to role \"" + OWNER);
    String update = installing("ALTER EXTENSION aws_lambda UPDATE");
    assertThatThrownBy(() -> asSuperuser(database, update))
        .hasMessageContaining("belongs to role \"" + OWNER);
    assertThat(value(OWNER, "SELECT count(*) FROM pglambda.settings")).isEqualTo("0");
  }

  @ParameterizedTest
  @MethodSource("versions")
  void leavesFunctionsInAnothersSchemasToThatRole(String version) throws SQLException {
    // Given
    prepare(version);
    asOwner(LOOKS_INSTALLED);

    // When
    String before = functionsOfSuperusers();
    asSuperuser(database, installing(INSTALL), installing("ALTER EXTENSION aws_lambda UPDATE"));

    // Then: a function with a superuser's privileges could be told by the schema's owner what to
    // do.
    assertThat(functionsOfSuperusers()).isEqualTo(before).isEqualTo("0");
  }

  @ParameterizedTest
  @MethodSource("versions")
  void doesNotBuildOnATypeThatBelongsToAnotherRole(String version) throws SQLException {
    // Given
    prepare(version);
    asOwner(
        "CREATE SCHEMA aws_commons",
        "CREATE FUNCTION aws_commons.trap(text) RETURNS boolean " + TRAP + "RETURN true; END $$",
        "CREATE DOMAIN aws_commons.trapped AS text CHECK (aws_commons.trap(VALUE))",
        "CREATE TYPE aws_commons._lambda_function_arn_1 AS"
            + " (function_name aws_commons.trapped, region text)",
        "CREATE TYPE aws_commons._s3_uri_1 AS ()",
        "CREATE TYPE aws_commons._aws_credentials_1 AS ()");

    // When, then
    String block = installing(INSTALL);
    assertThatThrownBy(() -> asSuperuser(database, block))
        .hasMessageContaining("required extension \"aws_commons\" belongs to role \"" + OWNER);
    assertThat(isSuperuser()).isFalse();
  }

  private void prepare(String version) throws SQLException {
    PostgresServer started = PostgresServer.of(version);
    database = started.createDatabase();
    server = started;
    asSuperuser(
        "postgres",
        "CREATE ROLE " + OWNER + " LOGIN",
        "GRANT CREATE ON DATABASE " + database + " TO " + OWNER);
  }

  private String installing(String text) {
    ExtensionStatement statement = ExtensionStatements.find(new SqlText(text, true)).get(0);
    return OfferedKeys.to(new ExtensionInstaller(trusted).install(statement, text), trusted);
  }

  private boolean isSuperuser() throws SQLException {
    return "t".equals(value(OWNER, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"));
  }

  private String functionsOfSuperusers() throws SQLException {
    return value(
        OWNER,
        "SELECT count(*) FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
            + " JOIN pg_roles AS r ON r.oid = p.proowner"
            + " WHERE n.nspname IN ('aws_lambda', 'pglambda') AND r.rolsuper");
  }

  private void asOwner(String... statements) throws SQLException {
    execute(OWNER, database, statements);
  }

  private void asSuperuser(String inDatabase, String... statements) throws SQLException {
    execute("postgres", inDatabase, statements);
  }

  private void execute(String user, String inDatabase, String... statements) throws SQLException {
    try (Connection connection = connect(user, inDatabase);
        Statement jdbc = connection.createStatement()) {
      for (String sql : statements) {
        jdbc.execute(sql);
      }
    }
  }

  private String value(String user, String query) throws SQLException {
    try (Connection connection = connect(user, database);
        Statement jdbc = connection.createStatement();
        ResultSet rows = jdbc.executeQuery(query)) {
      assertThat(rows.next()).isTrue();
      return rows.getString(1);
    }
  }

  private Connection connect(String user, String inDatabase) throws SQLException {
    PostgresServer running = Objects.requireNonNull(server);
    return DriverManager.getConnection(
        "jdbc:postgresql://%s:%d/%s".formatted(running.host(), running.port(), inDatabase),
        user,
        "");
  }
}
