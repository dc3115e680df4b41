package dev.pglambda.client.access;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.testing.Forwarder;
import dev.pglambda.testing.Forwarder.Direction;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * A role without EXECUTE on {@code aws_lambda.invoke}, but with dblink and a schema to create
 * objects in, tries to make the proxy call Lambda. It may execute {@code used.greet()}, which calls
 * with its owner's rights; nothing else may reach Lambda.
 */
@ParameterizedClass
@MethodSource("setups")
class UninvitedTest {
  private static final String ROLE = "uninvited";
  private static final String PASSWORD = "of-the-uninvited";
  private static final String GREET = "SELECT used.greet()";
  private static final String INVOKE = "SELECT * FROM aws_lambda.invoke('hello', '1'::json)";
  private static final Pattern SIGNED = Pattern.compile("[0-9a-f]{64} (invoke/1 [^\0]*)\0");

  private final Forwarder forwarder;
  private final LambdaDatabase database;
  private final int requestsBefore;

  /** A database whose calls to the proxy are recorded. */
  record Setup(Forwarder forwarder, LambdaDatabase database) implements AutoCloseable {
    static Setup of(String version) {
      try {
        Forwarder forwarder = Forwarder.start();
        LambdaDatabase database =
            LambdaDatabase.of(version, "--callback-address", forwarder.address());
        forwarder.target(database.proxy().port());
        database.lambda().on("hello", Reply.json("\"hello\""));
        return new Setup(forwarder, database);
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() {
      database.close();
      forwarder.close();
    }

    @Override
    public String toString() {
      return database.toString();
    }
  }

  UninvitedTest(Setup setup) {
    forwarder = setup.forwarder();
    database = setup.database();
    requestsBefore = database.lambda().requests().size();
  }

  static Stream<Setup> setups() {
    return PostgresServer.versions().stream().map(Setup::of);
  }

  @BeforeEach
  void createRole() throws SQLException {
    asSuperuser(
        "DROP SCHEMA IF EXISTS used CASCADE",
        "CREATE SCHEMA used",
        "CREATE EXTENSION dblink SCHEMA used",
        "CREATE ROLE " + ROLE + " LOGIN PASSWORD '" + PASSWORD + "'",
        "GRANT USAGE, CREATE ON SCHEMA used TO " + ROLE,
        """
        CREATE FUNCTION used.greet() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
          RETURN (SELECT payload FROM aws_lambda.invoke('hello', '1'::json));
        END $$
        """);
  }

  @AfterEach
  void dropRole() throws SQLException {
    asSuperuser("DROP OWNED BY " + ROLE, "DROP ROLE " + ROLE);
  }

  private void asSuperuser(String... statements) throws SQLException {
    try (Connection connection = database.connectDirectly()) {
      Queries.execute(connection, statements);
    }
  }

  /** A session of the role's in which used.greet() has opened the link. */
  private Connection withLink() throws SQLException {
    Connection connection = database.connectAs(ROLE);
    Queries.execute(connection, GREET);
    return connection;
  }

  private void assertRequests(int expected) {
    assertThat(database.lambda().requests()).hasSize(requestsBefore + expected);
  }

  private static String stateOfError(Connection connection, String sql) throws SQLException {
    return String.valueOf(Queries.error(connection, sql).getSQLState());
  }

  /** Sends a text over the session's link; the outcome, or the message of the error. */
  private static String ask(Connection connection, String request) throws SQLException {
    try {
      return Queries.row(
          connection,
          """
          SELECT outcome || coalesce(' ' || payload, '') FROM used.dblink('pglambda', ?) AS a(
            outcome text, status_code text, payload text, executed_version text,
            log_result text, message text, detail text, hint text)
          """,
          request);
    } catch (PSQLException e) {
      return Queries.error(e).getMessage();
    }
  }

  private static String sayHello(Connection connection) throws SQLException {
    String answer = ask(connection, "hello");
    assertThat(answer).matches("hello [0-9a-f]{32}");
    return answer.substring("hello ".length());
  }

  /** The last call that went over the newest link, as it was signed. */
  private Matcher recorded() {
    Matcher signed = SIGNED.matcher(forwarder.passed(Direction.TO_TARGET));
    assertThat(signed.find()).isTrue();
    return signed;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " password=''",
        " password=guess",
        " password=" + PASSWORD,
        " password=0000000000000000000000000000000000000000000000000000000000000000",
        " password=guess client_encoding=LATIN1 options='-c pglambda.nonce=1'",
      })
  void opensNoLinkOfHisOwn(String password) throws SQLException {
    try (Connection connection = database.connectAs(ROLE)) {
      String address =
          "host=127.0.0.1 port=%d user=pglambda dbname=%s sslmode=disable"
              .formatted(database.proxy().port(), linkDatabase());

      assertThat(
              stateOfError(
                  connection,
                  "SELECT used.dblink_connect('pglambda', $$" + address + password + "$$)"))
          .isIn("08001", "2F003");
      assertThat(stateOfError(connection, INVOKE)).isEqualTo("42501");
    }
    assertThatThrownBy(() -> database.proxy().connect(linkDatabase(), "pglambda", PASSWORD, ""))
        .hasMessageContaining("password authentication failed for user \"pglambda\"");
    assertRequests(0);
  }

  /** What links of this installation ask for: no secret, it goes over the wire. */
  private String linkDatabase() throws SQLException {
    try (Connection connection = database.connectDirectly()) {
      return Queries.row(connection, "SELECT 'pglambda_' || installation FROM pglambda.settings");
    }
  }

  /** dblink takes the first 63 bytes of a connection string for the name of a foreign server. */
  @Test
  void turnsNoLinkToAForeignServerOfHisOwn() throws Exception {
    asSuperuser("GRANT USAGE ON FOREIGN DATA WRAPPER dblink_fdw TO " + ROLE);
    try (ServerSocket trap = trap();
        Connection connection = database.connectAs(ROLE)) {
      String connectionString =
          "user=pglambda dbname=pglambda sslmode=disable gssencmode=disable connect_timeout=10";
      for (String name :
          List.of(
              connectionString.substring(0, 63),
              "application_name=" + "0".repeat(46),
              "application_name=",
              "pglambda")) {
        Queries.execute(
            connection,
            "CREATE SERVER \"%s\" FOREIGN DATA WRAPPER dblink_fdw OPTIONS (host '127.0.0.1', port '%d')"
                .formatted(name, trap.getLocalPort()),
            "CREATE USER MAPPING FOR PUBLIC SERVER \"%s\" OPTIONS (user 'u', password 'p')"
                .formatted(name));
      }

      assertThat(Queries.row(connection, GREET)).isEqualTo("\"hello\"");
      assertNobodyCame(trap);
      asSuperuser("DROP OWNED BY " + ROLE + " CASCADE");
    }
    assertRequests(1);
  }

  @Test
  void installsNothingInADatabaseOfHisOwn() throws SQLException {
    asSuperuser("ALTER ROLE " + ROLE + " CREATEDB");
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
    asSuperuser("DROP DATABASE " + own);
    assertRequests(0);
  }

  /** What looks as if it were installed. */
  private static final String[] LOOK_ALIKE = {
    "CREATE SCHEMA aws_lambda",
    "CREATE SCHEMA pglambda",
    "CREATE TABLE pglambda.settings (one_row boolean PRIMARY KEY DEFAULT true, installation text,"
        + " link_password text, ipad bytea, opad bytea, callback_ipad bytea, callback_opad bytea,"
        + " host text, port integer)"
  };

  @ParameterizedTest
  @ValueSource(
      strings = {
        "invoke/1 1 -4:name5:hello-1:1-------",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "wait/1 1",
        "SELECT aws_lambda.invoke('hello', '1'::json)",
        "BEGIN",
      })
  void sendsNothingUnsignedOverTheLinkOfAnother(String request) throws SQLException {
    try (Connection connection = withLink()) {
      sayHello(connection);
      assertThat(ask(connection, request)).isEqualTo("not a request of the extension aws_lambda");

      Queries.execute(connection, GREET);
    }
    assertRequests(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"pglambda", "00000000000000000000000000000000", "of-the-uninvited"})
  void sendsNothingSignedWithAGuessedKey(String key) throws Exception {
    try (Connection connection = withLink()) {
      String call =
          recorded().group(1).replaceFirst("invoke/1 \\d+", "invoke/1 9000000000000000000");
      String nonce = sayHello(connection);
      Queries.row(connection, "SELECT set_config('pglambda.nonce', ?, false)", nonce);

      assertThat(ask(connection, proof(key, nonce + " " + call) + " " + call)).isEqualTo("stale");
      assertThat(ask(connection, "0".repeat(64) + " " + call)).isEqualTo("stale");
    }
    assertRequests(1);
  }

  private static String proof(String key, String text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key.getBytes(US_ASCII), "HmacSHA256"));
    return HexFormat.of().formatHex(mac.doFinal(text.getBytes(US_ASCII)));
  }

  @Test
  void replaysNothingThatWasRecordedFromTheWire() throws SQLException {
    try (Connection connection = withLink()) {
      String call = recorded().group().replace("\0", "");

      assertThat(ask(connection, call)).isEqualTo("stale");
      sayHello(connection);
      assertThat(ask(connection, call)).isEqualTo("stale");
      try (Connection another = withLink()) {
        assertThat(ask(another, call)).isEqualTo("stale");
        assertThat(ask(another, recorded().group().replace("\0", ""))).isEqualTo("stale");
      }
      Queries.execute(connection, GREET);
    }
    assertRequests(3);
  }

  /** Where nobody may be sent. */
  private static ServerSocket trap() throws IOException {
    ServerSocket trap = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    trap.setSoTimeout(50);
    return trap;
  }

  private static String forged(ServerSocket trap) {
    return "127.0.0.1|%d|session|%s".formatted(trap.getLocalPort(), "0".repeat(64));
  }

  private static void assertNobodyCame(ServerSocket trap) {
    assertThatThrownBy(trap::accept).isInstanceOf(SocketTimeoutException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"%s", "%s|more", "|||", "127.0.0.1|1|x|", "127.0.0.1"})
  void sendsNoCallElsewhereWithAParameterOfHisOwn(String form) throws Exception {
    try (ServerSocket trap = trap();
        Connection connection = database.connectAs(ROLE)) {
      Queries.row(
          connection,
          "SELECT set_config('pglambda.callback', ?, false)",
          form.formatted(forged(trap)));

      assertThat(stateOfError(connection, GREET)).isEqualTo("28000");
      assertThat(stateOfError(connection, INVOKE)).isEqualTo("42501");
      assertNobodyCame(trap);
    }
    assertRequests(0);
  }

  @Test
  void sendsNoCallElsewhereWithOptionsOfASessionThatBypassesTheProxy() throws Exception {
    try (ServerSocket trap = trap()) {
      asSuperuser("ALTER ROLE " + ROLE + " SET pglambda.callback = '" + forged(trap) + "'");
      for (String options : List.of("", "-c pglambda.callback=" + forged(trap))) {
        try (WireClient client =
            WireClient.open(database.postgres().host(), database.postgres().port())) {
          client.startUp(
              Map.of("user", ROLE, "database", database.name(), "options", options), null);
          assertThat(client.query(GREET).readUntilReady().toString()).contains("C=28000");
        }
      }
      assertNobodyCame(trap);
    }
    assertRequests(0);
  }

  @Test
  void cannotPutAParameterOfHisOwnInPlaceOfTheProxys() throws Exception {
    try (ServerSocket trap = trap()) {
      asSuperuser("ALTER ROLE " + ROLE + " SET pglambda.callback = '" + forged(trap) + "'");
      for (String name : List.of("options", "pglambda.callback")) {
        String value =
            name.equals("options") ? "-c pglambda.callback=" + forged(trap) : forged(trap);
        try (WireClient client =
            WireClient.open(database.proxy().host(), database.proxy().port())) {
          client.startUp(Map.of("user", ROLE, "database", database.name(), name, value), null);
          assertThat(client.query(GREET).readUntilReady().toString())
              .contains("DataRow[\"hello\"]");
        }
      }
      assertNobodyCame(trap);
    }
    assertRequests(2);
  }

  @Test
  void gainsNothingByTheParameterOfAnotherSession() throws Exception {
    try (Connection connection = database.connectAs(ROLE)) {
      try (Connection another = database.connect()) {
        Queries.row(
            connection,
            "SELECT set_config('pglambda.callback', ?, false)",
            Queries.row(another, "SHOW pglambda.callback"));

        assertThat(stateOfError(connection, INVOKE)).isEqualTo("42501");
        assertThat(Queries.row(connection, GREET)).isEqualTo("\"hello\"");
      }
      while (database.proxy().sessions() > 1) {
        Thread.onSpinWait();
      }
      // The call is the other session's, which has ended.
      assertThat(stateOfError(connection, GREET)).isEqualTo("57P01");
    }
    assertThat(database.lambda().requests().size() - requestsBefore).isBetween(1, 2);
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
    assertRequests(0);
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
    assertRequests(1);
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
    asSuperuser("DROP DATABASE " + own);
    assertRequests(1);
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
    assertRequests(0);
  }

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
