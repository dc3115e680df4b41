package dev.pglambda.client.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.CopyInResponse;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.net.SocketException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.ServerErrorMessage;

/**
 * A role that may log in, use dblink and create objects, and nothing else, tries to get at the keys
 * with which calls are signed, in every way that SQL and the protocol offer.
 */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofEachVersion")
class SecretKeysTest extends SecretKeysStage {
  private static final String LEFT_OPEN =
      "SAVEPOINT a; CREATE EXTENSION nothing; CREATE EXTENSION aws_lambda";

  SecretKeysTest(LambdaDatabase database) throws SQLException {
    super(database);
  }

  /** What an administrator may have set, so that a client can see messages of the log. */
  private void logEverything() throws SQLException {
    Queries.execute(
        superuser,
        "ALTER ROLE " + ROLE + " SET log_statement = 'all'",
        "ALTER ROLE " + ROLE + " SET log_min_duration_statement = 0",
        "ALTER ROLE " + ROLE + " SET log_statement_stats = on");
  }

  /** Newer servers give up the connection, and perhaps reset it. */
  private static @Nullable BackendMessage readUnlessEnded(WireClient client) throws IOException {
    try {
      return client.read();
    } catch (SocketException reset) {
      return null;
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT * FROM pglambda.settings",
        "COPY pglambda.settings TO STDOUT",
        "BEGIN; LOCK TABLE pglambda.settings IN ACCESS SHARE MODE",
        "EXPLAIN SELECT * FROM pglambda.settings WHERE link_password < 'm'",
        "CREATE VIEW used.v AS SELECT * FROM pglambda.settings",
        "CREATE TABLE used.t (LIKE pglambda.settings)",
        "CREATE TABLE used.t () INHERITS (pglambda.settings)",
        "CREATE TABLE used.t (b boolean REFERENCES pglambda.settings)",
        "CREATE FUNCTION used.f() RETURNS SETOF pglambda.settings LANGUAGE sql AS ''",
        "CREATE TRIGGER t AFTER INSERT ON pglambda.settings EXECUTE FUNCTION used.greet()",
        "GRANT SELECT ON pglambda.settings TO curious",
        "SELECT pglambda.link_names()",
        "SELECT * FROM pglambda.invoke('name','a',NULL,'{}',NULL,NULL,NULL,NULL,NULL)",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "SELECT pg_read_file('base/1/1259')",
        "SELECT lo_import('postgresql.conf')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT stavalues1 FROM pg_statistic",
        "CREATE EXTENSION aws_lambda CASCADE; CREATE EXTENSION dblink",
      })
  void areNotForWhoMayNotReadThem(String statement) throws Exception {
    Queries.execute(superuser, "ANALYZE pglambda.settings");
    try (Connection connection = database.connectAs(ROLE)) {
      assertThat(Queries.rows(connection, "SELECT * FROM pg_stats WHERE schemaname = 'pglambda'"))
          .isEmpty();
      assertThat(Queries.error(connection, statement).getSQLState()).isIn("42501", "42710");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pg_stat_activity",
        "pg_proc",
        "pg_settings",
        "pg_db_role_setting",
        "pg_cursors",
        "pg_prepared_statements",
        "pg_description",
        "pg_attrdef",
      })
  void areInNoCatalog(String catalog) throws Exception {
    Queries.execute(superuser, "ALTER EXTENSION aws_lambda UPDATE");
    try (Connection connection = database.connectAs(ROLE)) {
      Queries.execute(connection, "SELECT used.greet()");
      assertNoKeyIn(
          Queries.rows(connection, "SELECT c::text FROM " + catalog + " AS c").toString());
    }
    assertNoKeyIn(Queries.rows(superuser, "SELECT c::text FROM " + catalog + " AS c").toString());
  }

  @Test
  void areNotAmongAllDataThatARoleMayRead() throws Exception {
    if (Integer.parseInt(database.version()) < 14) {
      assertThat(Queries.error(superuser, "GRANT pg_read_all_data TO " + ROLE).getSQLState())
          .isEqualTo("42704");
      return;
    }
    Queries.execute(superuser, "GRANT pg_read_all_data, pg_write_all_data TO " + ROLE);
    String before = Queries.row(superuser, "SELECT s::text FROM pglambda.settings AS s");
    try (Connection connection = database.connectAs(ROLE)) {
      assertThat(Queries.rows(connection, "SELECT * FROM pglambda.settings")).isEmpty();
      Queries.execute(connection, "UPDATE pglambda.settings SET host = 'elsewhere'");
      Queries.execute(connection, "DELETE FROM pglambda.settings");
      assertThat(
              Queries.error(
                      connection,
                      "INSERT INTO pglambda.settings SELECT * FROM pglambda.settings"
                          + " UNION ALL SELECT true, repeat('0', 32), '', p, p, p, p, '', 1, false"
                          + " FROM (SELECT decode(repeat('00', 64), 'hex') AS p) AS pad")
                  .getSQLState())
          .isEqualTo("42501");
    }
    assertThat(Queries.row(superuser, "SELECT s::text FROM pglambda.settings AS s"))
        .isEqualTo(before);
  }

  @Test
  void areNotForWhomDefaultPrivilegesGrantEverything() throws Exception {
    try (Connection connection = database.connect()) {
      connection.setAutoCommit(false);
      Queries.execute(
          connection,
          "DROP EXTENSION aws_lambda, aws_commons",
          "ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO " + ROLE + " WITH GRANT OPTION",
          "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO " + ROLE + " WITH GRANT OPTION",
          "ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO " + ROLE + " WITH GRANT OPTION",
          "ALTER DEFAULT PRIVILEGES GRANT ALL ON TYPES TO " + ROLE + " WITH GRANT OPTION",
          INSTALL,
          "SET ROLE " + ROLE);

      String granted =
          """
          SELECT o.name, a.privilege_type FROM (
            SELECT nspname AS name, nspacl AS acl FROM pg_namespace
            UNION ALL SELECT proname, proacl FROM pg_proc
            UNION ALL SELECT typname, typacl FROM pg_type
            UNION ALL SELECT relname, relacl FROM pg_class) AS o, aclexplode(o.acl) AS a
          WHERE a.grantee = 'curious'::regrole AND o.name <> 'used'
          """;
      assertThat(Queries.rows(connection, granted)).isEmpty();
      assertThat(Queries.error(connection, "SELECT * FROM pglambda.settings").getSQLState())
          .isEqualTo("42501");
      connection.rollback();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CREATE TRIGGER t BEFORE INSERT ON pglambda.settings FOR EACH ROW EXECUTE FUNCTION"
            + " used.trap()",
        "CREATE RULE t AS ON UPDATE TO pglambda.settings DO ALSO SELECT 1",
        "CREATE POLICY t ON pglambda.settings",
        "CREATE TABLE used.child () INHERITS (pglambda.settings)",
        "CREATE TABLE used.child (b boolean REFERENCES pglambda.settings)",
        "CREATE INDEX t ON pglambda.settings (host)",
        "ALTER TABLE pglambda.settings ALTER host SET DEFAULT used.greet()",
        "ALTER TABLE pglambda.settings ADD CHECK (query_to_xml('SELECT 1', true, true, '') IS NOT"
            + " NULL)",
        "ALTER TABLE pglambda.settings ALTER host TYPE used.d",
      })
  void areNotWrittenIntoATableThatSomebodyHasChanged(String change) throws Exception {
    try (Connection connection = database.connect()) {
      connection.setAutoCommit(false);
      Queries.execute(
          connection,
          "CREATE DOMAIN used.d AS text",
          "CREATE FUNCTION used.trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END"
              + " $$",
          change,
          "SAVEPOINT changed");
      for (String statement : List.of(INSTALL, "ALTER EXTENSION aws_lambda UPDATE")) {
        ServerErrorMessage error = Queries.error(connection, statement);

        assertThat(error.getSQLState()).isEqualTo("55000");
        assertThat(error.getMessage()).startsWith("the table pglambda.settings has been changed");
        assertThat(error.getHint()).contains("DROP EXTENSION aws_lambda");
        Queries.execute(connection, "ROLLBACK TO changed");
      }
      connection.rollback();
    }
  }

  @Test
  void areNotInWhatInstallingShows() throws Exception {
    logEverything();
    try (WireClient client = client()) {
      client.query(VERBOSE);
      answer(client);

      assertNoKeyIn(answer(client.query(INSTALL)));
      assertNoKeyIn(answer(client.query("ALTER EXTENSION aws_lambda UPDATE")));
      client.parse("", INSTALL).bind("", "", List.of()).execute("", 0).sync();
      assertNoKeyIn(answer(client));
      client.query("DO $$ BEGIN RAISE INFO USING ERRCODE = 'ZL001', MESSAGE = 'keys!'; END $$");
      assertNoKeyIn(answer(client));
    }
  }

  @Test
  void areNotEvenOfferedToARoleThatMayNotHaveThem() throws Exception {
    try (WireClient client = client()) {
      answer(client.query("BEGIN"));
      answer(client.query(LEFT_OPEN));
      answer(client.query("ROLLBACK TO a"));

      assertThat(answer(client.query("SELECT name FROM pg_cursors")))
          .contains("SELECT 0")
          .doesNotContain("pglambda");
    }
  }

  /** A superuser may see them, but not by chance. */
  @Test
  void areNotInAnErrorOfThePortalThatOffersThem() throws Exception {
    logEverything();
    try (WireClient client =
        WireClient.connect(
            database.proxy().host(),
            database.proxy().port(),
            database.postgres().user(),
            database.name(),
            null)) {
      if (Integer.parseInt(database.version()) >= 13) {
        answer(client.query("SET log_parameter_max_length_on_error = -1"));
      }
      answer(client.query("SET client_min_messages = log"));
      answer(client.query("BEGIN"));
      assertNoKeyIn(answer(client.query(LEFT_OPEN)));
      answer(client.query("ROLLBACK TO a"));
      String cursors = answer(client.query("SELECT name FROM pg_cursors"));
      assertThat(cursors).contains("DataRow[pglambda_keys]");

      answer(client.query("SAVEPOINT b"));
      answer(client.execute("pglambda_keys", 0).sync());
      assertNoKeyIn(answer(client.query("FETCH PRIOR FROM pglambda_keys")));
      answer(client.query("ROLLBACK TO b"));
      String failed = answer(client.execute("pglambda_keys", 0).sync());
      assertThat(failed).contains("portal \"pglambda_keys\" cannot be run");
      assertNoKeyIn(failed);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void areNotOfferedWhereAClientCannotBeFollowed(boolean awaitsCopy) throws Exception {
    try (WireClient client = client()) {
      client.query("CREATE TEMP TABLE t (a text); " + VERBOSE);
      answer(client);
      StringBuilder shown = new StringBuilder();
      client.query("COPY t FROM STDIN");
      BackendMessage message = null;
      while (awaitsCopy && !(message instanceof CopyInResponse)) {
        message = client.read();
        shown.append(message);
      }
      client.parse("", INSTALL).sync();
      int ready = 0; // after the COPY, which fails, and after the Sync
      while (ready < 2 && (message = readUnlessEnded(client)) != null) {
        shown.append(message);
        ready += message instanceof ReadyForQuery ? 1 : 0;
      }

      assertThat(shown).contains("CopyInResponse");
      assertNoKeyIn(shown.toString());
    }
  }
}
