package dev.pglambda.client.access;

import static dev.pglambda.client.access.Uninvited.INVOKE;
import static dev.pglambda.client.access.Uninvited.ROLE;
import static dev.pglambda.client.access.Uninvited.stateOfError;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.ServerErrorMessage;

/**
 * Objects and databases of an uninvited role run nothing with the rights of others.
 *
 * @see Uninvited
 */
@ParameterizedClass
@MethodSource("dev.pglambda.client.access.Uninvited#ofEachVersion")
class UninvitedObjectsTest {
  private final Uninvited uninvited;
  private final LambdaDatabase database;

  UninvitedObjectsTest(Uninvited uninvited) {
    this.uninvited = uninvited;
    this.database = uninvited.database();
  }

  @BeforeEach
  void createRole() throws SQLException {
    uninvited.createRole();
  }

  @AfterEach
  void dropRole() throws SQLException {
    uninvited.dropRole();
  }

  @Test
  void installsNothingInADatabaseOfHisOwn() throws SQLException {
    uninvited.asSuperuser("ALTER ROLE " + ROLE + " CREATEDB");
    String own = database.name() + "_own";
    try (Connection connection = database.connectAs(ROLE)) {
      Queries.execute(connection, "CREATE DATABASE " + own);
    }
    try (Connection connection = database.proxy().connect(own, ROLE, "", "")) {
      for (String statement :
          List.of(
              "CREATE EXTENSION aws_lambda CASCADE",
              "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE",
              "CREATE EXTENSION aws_commons")) {
        ServerErrorMessage error = Queries.error(connection, statement);
        assertThat(error.getSQLState()).isEqualTo("42501");
        assertThat(error.getMessage()).startsWith("permission denied to create extension \"aws_");
        assertThat(error.getHint()).contains("--trusted-roles");
      }
      Queries.execute(connection, LOOK_ALIKE);
      Queries.execute(
          connection, "DO $$ BEGIN RAISE INFO USING ERRCODE = 'ZL001', MESSAGE = 'keys'; END $$");
      assertThat(Queries.row(connection, "SELECT count(*) FROM pglambda.settings")).isEqualTo("0");
    }
    try (Connection superuser = database.proxy().connect(own)) {
      assertThat(
              Queries.error(superuser, "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE")
                  .getMessage())
          .isEqualTo("schema \"aws_lambda\" already exists");
      assertThat(Queries.error(superuser, "ALTER EXTENSION aws_lambda UPDATE").getHint())
          .contains("--trusted-roles");
      assertThat(Queries.row(superuser, "SELECT count(*) FROM pglambda.settings")).isEqualTo("0");
    }
    uninvited.asSuperuser("DROP DATABASE " + own);
    uninvited.assertRequests(0);
  }

  @Test
  void findsNoFunctionInADatabaseWhereNobodyHasInstalledIt() throws SQLException {
    String other = database.postgres().createDatabase();
    try (Connection connection = database.proxy().connect(other, ROLE, "", "")) {
      // In a sub-query: other calls are served by the proxy, as its operator has chosen.
      assertThat(stateOfError(connection, "SELECT 1 WHERE EXISTS (" + INVOKE + ")"))
          .isEqualTo("3F000");
      assertThat(stateOfError(connection, "CREATE EXTENSION aws_lambda CASCADE"))
          .isEqualTo("42501");
      assertThat(stateOfError(connection, "CREATE SCHEMA pglambda")).isEqualTo("42501");
    }
    uninvited.assertRequests(0);
  }

  @Test
  void runsNothingOfHisOwnInsideACall() throws SQLException {
    try (Connection connection = database.connectAs(ROLE)) {
      Queries.execute(connection, Traps.in("used"));
      Queries.execute(connection, "SET search_path = used, pg_catalog, pg_temp");

      assertThat(Queries.row(connection, "SELECT pg_catalog.max(g) FROM used.greet() AS g"))
          .isEqualTo("\"hello\"");
      assertThat(Queries.error(connection, "SELECT pg_catalog.length('a'::used.text)").getMessage())
          .startsWith("trapped as");
    }
    uninvited.assertRequests(1);
  }

  @Test
  void runsNothingOfHisOwnWhenASuperuserInstallsInHisDatabase() throws SQLException {
    String own = database.postgres().createDatabase();
    try (Connection connection = database.postgres().connect(own)) {
      Queries.execute(connection, "ALTER DATABASE " + own + " OWNER TO " + ROLE);
    }
    try (Connection connection = database.postgres().connect(own, ROLE, "")) {
      Queries.execute(connection, "CREATE SCHEMA traps");
      Queries.execute(connection, Traps.in("traps"));
      Queries.execute(connection, "ALTER DATABASE " + own + " SET search_path = traps, pg_catalog");
    }
    for (String statement :
        List.of(
            "CREATE EXTENSION aws_lambda CASCADE",
            "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE",
            "ALTER EXTENSION aws_lambda UPDATE",
            "DO $$ BEGIN RAISE INFO USING ERRCODE = 'ZL001', MESSAGE = 'keys'; END $$",
            INVOKE,
            "DROP EXTENSION aws_lambda")) {
      try (Connection superuser = database.proxy().connect(own)) {
        Queries.execute(superuser, statement);
      }
    }
    uninvited.asSuperuser("DROP DATABASE " + own);
    uninvited.assertRequests(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ANALYZE used.bait",
        "VACUUM ANALYZE used.bait",
        "REINDEX TABLE used.bait",
        "CLUSTER used.bait USING bait_index",
        "REFRESH MATERIALIZED VIEW used.baited",
      })
  void callsNothingWhenASuperuserTendsHisTables(String maintenance) throws SQLException {
    try (Connection connection = database.connectAs(ROLE)) {
      Queries.execute(
          connection,
          "CREATE FUNCTION used.baited(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT"
              + " $1'",
          "CREATE TABLE used.bait (id integer)",
          "INSERT INTO used.bait VALUES (1), (2)",
          "CREATE INDEX bait_index ON used.bait (used.baited(id))",
          "CREATE MATERIALIZED VIEW used.baited AS SELECT used.baited(id) FROM used.bait",
          """
          CREATE OR REPLACE FUNCTION used.baited(integer) RETURNS integer
          LANGUAGE plpgsql IMMUTABLE AS $$
          BEGIN
            PERFORM * FROM aws_lambda.invoke('hello', '1'::json);
            RETURN $1;
          END $$
          """);
    }
    try (Connection superuser = database.connect()) {
      assertThat(Queries.error(superuser, maintenance).getMessage())
          .isEqualTo("permission denied for schema aws_lambda");
    }
    uninvited.assertRequests(0);
  }

  /** What looks as if it were installed. */
  private static final String[] LOOK_ALIKE = {
    "CREATE SCHEMA aws_lambda",
    "CREATE SCHEMA pglambda",
    "CREATE TABLE pglambda.settings (one_row boolean PRIMARY KEY DEFAULT true, installation text,"
        + " link_password text, ipad bytea, opad bytea, callback_ipad bytea, callback_opad bytea,"
        + " host text, port integer)"
  };

  /** Objects named like what the worker and the installing blocks use; each fails when it runs. */
  private static final class Traps {
    private static final List<String> FUNCTIONS =
        List.of(
            "current_setting(pg_catalog.text)",
            "current_setting(pg_catalog.text, pg_catalog.bool)",
            "set_config(pg_catalog.text, pg_catalog.text, pg_catalog.bool)",
            "string_to_array(pg_catalog.text, pg_catalog.text)",
            "encode(pg_catalog.bytea, pg_catalog.text)",
            "decode(pg_catalog.text, pg_catalog.text)",
            "sha256(pg_catalog.bytea)",
            "convert_to(pg_catalog.text, pg_catalog.name)",
            "convert_from(pg_catalog.bytea, pg_catalog.name)",
            "host(pg_catalog.inet)",
            "inet_client_addr()",
            "octet_length(pg_catalog.text)",
            "length(pg_catalog.text)",
            "split_part(pg_catalog.text, pg_catalog.text, pg_catalog.int4)",
            "clock_timestamp()",
            "getdatabaseencoding()",
            "replace(pg_catalog.text, pg_catalog.text, pg_catalog.text)",
            "format(pg_catalog.text, pg_catalog.text)",
            "format(pg_catalog.text, pg_catalog.name)",
            "current_database()",
            "current_schema()",
            "has_database_privilege(pg_catalog.text, pg_catalog.text)",
            "has_schema_privilege(pg_catalog.oid, pg_catalog.text)",
            "has_table_privilege(pg_catalog.oid, pg_catalog.text)");

    private Traps() {}

    static String[] in(String schema) {
      String body =
          " LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped as %', current_user; END $$";
      Stream<String> functions =
          Stream.concat(
                  FUNCTIONS.stream(),
                  Stream.of(
                      "trap(pg_catalog.text)",
                      "trap(pg_catalog.text, pg_catalog.text)",
                      "trap(pg_catalog.text[], pg_catalog.text)"))
              .map(
                  function ->
                      "CREATE FUNCTION %s.%s RETURNS pg_catalog.bool%s"
                          .formatted(schema, function, body));
      Stream<String> operators =
          Stream.of("=", "<>", "||", "~~", "~")
              .map(
                  operator ->
                      "CREATE OPERATOR %1$s.%2$s (LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text,"
                              .formatted(schema, operator)
                          + " PROCEDURE = "
                          + schema
                          + ".trap)");
      Stream<String> types =
          Stream.of("text", "bytea", "name", "oid", "bool", "refcursor")
              .map(
                  type ->
                      "CREATE DOMAIN %1$s.%2$s AS pg_catalog.%2$s CHECK (%1$s.trap(''::pg_catalog.text))"
                          .formatted(schema, type));
      return Stream.of(functions, operators, types).flatMap(all -> all).toArray(String[]::new);
    }
  }
}
