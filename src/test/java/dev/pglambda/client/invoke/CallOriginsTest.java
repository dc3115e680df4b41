package dev.pglambda.client.invoke;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.ReceivedRequest;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.WireClient;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is known of where the calls of a database come from. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofOldestAndNewestVersion")
class CallOriginsTest {
  private static final String CLERK = "origins_clerk";
  private static final String PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  private static final String TRACE =
      "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1";
  private static final String CALL = "SELECT payload FROM aws_lambda.invoke('echo', '1'::json)";

  private final LambdaDatabase database;

  CallOriginsTest(LambdaDatabase database) {
    this.database = database;
    database.lambda().on("echo", Reply.echo());
  }

  @BeforeEach
  void createTable() throws SQLException {
    database
        .postgres()
        .execute(
            "DO $$ BEGIN CREATE ROLE "
                + CLERK
                + " LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
    try (Connection connection = database.connect()) {
      Queries.execute(
          connection,
          "CREATE SCHEMA told",
          "CREATE TABLE told.orders (id int, item text)",
          """
          CREATE FUNCTION told.tell() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
          BEGIN
            PERFORM aws_lambda.invoke('echo', row_to_json(NEW), NULL, 'Event');
            RETURN NEW;
          END $$
          """,
          "CREATE TRIGGER tell AFTER INSERT ON told.orders FOR EACH ROW EXECUTE FUNCTION"
              + " told.tell()",
          "GRANT USAGE ON SCHEMA told TO " + CLERK,
          "GRANT ALL ON told.orders TO " + CLERK);
    }
  }

  @AfterEach
  void dropTable() throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(connection, "DROP SCHEMA told CASCADE");
    }
  }

  private CallOrigin lastOrigin() {
    return database.proxy().lastCall().origin();
  }

  private String traceOfLastRequest() {
    List<ReceivedRequest> requests = database.lambda().requests("echo");
    return String.valueOf(requests.get(requests.size() - 1).header("X-Amzn-Trace-Id"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"simple", "extended", "extendedForPrepared"})
  void aTriggersCallShowsTheClientsStatement(String mode) throws SQLException {
    String insert = "INSERT INTO told.orders VALUES (7, '\u00e4 \u20ac')";
    try (Connection connection =
        database
            .proxy()
            .connect(database.name(), CLERK, "", "&ApplicationName=shop&preferQueryMode=" + mode)) {
      Queries.execute(connection, insert);

      CallOrigin origin = lastOrigin();
      assertThat(origin.statement()).isEqualTo(insert);
      assertThat(origin.database()).isEqualTo(database.name());
      assertThat(origin.role()).isEqualTo(CLERK);
      assertThat(origin.applicationName()).isEqualTo("shop");
      assertThat(origin.serverProcess())
          .hasToString(Queries.row(connection, "SELECT pg_backend_pid()"));
      assertThat(String.valueOf(origin.client())).startsWith("/127.0.0.1:");
      assertThat(origin.installation()).matches("[0-9a-f]{32}");
    }
  }

  @Test
  void aPreparedStatementShowsItsTextEachTime() throws SQLException {
    try (Connection connection = database.connect("prepareThreshold=1");
        PreparedStatement insert =
            connection.prepareStatement("INSERT INTO told.orders VALUES (?, 'x')")) {
      for (int i = 0; i < 3; i++) {
        insert.setInt(1, i);
        insert.executeUpdate();

        assertThat(lastOrigin().statement()).isEqualTo("INSERT INTO told.orders VALUES ($1, 'x')");
      }
    }
  }

  @Test
  void theRoleIsTheOneThatWasSet() throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(connection, "SET ROLE " + CLERK, "INSERT INTO told.orders VALUES (1)");
      assertThat(lastOrigin().role()).isEqualTo(CLERK);

      Queries.execute(connection, "RESET ROLE", "INSERT INTO told.orders VALUES (2)");
      assertThat(lastOrigin().role()).isEqualTo(database.postgres().user());
    }
  }

  @Test
  void aLongStatementIsCutInTheMiddle() throws SQLException {
    String values = "(1, '\u20ac'), ".repeat(2000) + "(2, 'end')";
    try (Connection connection = database.connect("preferQueryMode=simple")) {
      Queries.execute(
          connection, "SELECT 1; " + CALL + "; SELECT * FROM (VALUES " + values + ") v");

      String statement = String.valueOf(lastOrigin().statement());
      assertThat(statement)
          .startsWith("SELECT 1; SELECT payload")
          .contains(" ... ")
          .endsWith("(2, 'end')) v");
      assertThat(statement.getBytes(UTF_8)).hasSizeBetween(8005, 8005 + 8); // a cut character
    }
  }

  @Test
  void ofAVeryLongStatementOnlyTheBeginningIsKept() throws SQLException {
    String rows = ", (1, '\u20ac')".repeat(20_000);
    try (Connection connection = database.connect("preferQueryMode=simple")) {
      Queries.execute(connection, CALL + "; SELECT * FROM (VALUES (0, 'begin')" + rows + ") v");

      assertThat(lastOrigin().statement())
          .startsWith(CALL + "; SELECT * FROM (VALUES (0, 'begin'), (1, '\u20ac')")
          .endsWith(" ... ")
          .hasSize(6005);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "LATIN1, LATIN1, e4a3, \u00e4\u00a3",
    "LATIN1, UTF8, c3a4, \u00e4",
    "SQL_ASCII, SQL_ASCII, e461ff, \ufffda\ufffd",
    "EUC_JP, EUC_JP, c9bd, \u8868",
    "UTF8, LATIN1, e4, \u00e4"
  })
  void noCharacterOfAStatementFailsItsCall(
      String encoding, String clientEncoding, String digits, String shown) throws Exception {
    String name = "%s_%s_origins".formatted(database.name(), encoding.toLowerCase(Locale.ROOT));
    database
        .postgres()
        .execute(
            "DROP DATABASE IF EXISTS " + name,
            "CREATE DATABASE %s ENCODING '%s' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
                .formatted(name, encoding));
    try (Connection connection = database.proxy().connect(name)) {
      Queries.execute(connection, "CREATE EXTENSION aws_lambda CASCADE");
    }
    byte[] odd = HexFormat.of().parseHex(digits);
    String sql = CALL + " /* " + new String(odd, ISO_8859_1) + " */";
    try (WireClient client =
        WireClient.connect(
            database.proxy().host(), database.proxy().port(), "postgres", name, null)) {
      client.query("SET client_encoding TO '" + clientEncoding + "'").flushOut();
      client.readUntilReady();
      client.raw(query(sql.getBytes(ISO_8859_1))).flushOut();
      assertThat(client.readUntilReady().toString()).contains("SELECT 1").doesNotContain("Error");
    }

    assertThat(lastOrigin().statement()).isEqualTo(CALL + " /* " + shown + " */");
    database.postgres().execute("DROP DATABASE IF EXISTS " + name);
  }

  private static byte[] query(byte[] sql) {
    return ByteBuffer.allocate(sql.length + 6)
        .put(FrontendMessage.QUERY)
        .putInt(sql.length + 5)
        .put(sql)
        .put((byte) 0)
        .array();
  }

  /** Roles and databases are shared by databases of all encodings. */
  @Test
  void aRolesNameThatIsNoTextHereFailsNoCall() throws Exception {
    String latin = database.name() + "_latin";
    database
        .postgres()
        .execute(
            "CREATE DATABASE "
                + latin
                + " ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C'"
                + " LC_CTYPE 'C'");
    try (Connection connection = database.postgres().connect(latin)) {
      Queries.execute(connection, "CREATE ROLE \"r\u00f6le\" SUPERUSER");
    }
    try (Connection connection = database.connect()) {
      Queries.execute(
          connection,
          "DO $$ BEGIN EXECUTE (SELECT 'SET ROLE ' || quote_ident(rolname) FROM pg_roles WHERE"
              + " rolname LIKE 'r%le'); END $$");

      assertThat(Queries.row(connection, CALL)).isEqualTo("1");
      assertThat(lastOrigin().role()).isNull();
      assertThat(lastOrigin().database()).isEqualTo(database.name());
      String calls =
          "SELECT count(*) FROM pglambda.invocations WHERE database = current_database()";
      assertThat(Queries.row(connection, calls)).isNotEqualTo("0");
    } finally {
      try (Connection connection = database.postgres().connect(latin)) {
        Queries.execute(connection, "DROP ROLE \"r\u00f6le\"");
      }
      database.postgres().execute("DROP DATABASE " + latin);
    }
  }

  @Test
  void theTraceOfTheStatementGoesOnToLambda() throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(
          connection, "INSERT INTO told.orders VALUES (1) /*traceparent='" + PARENT + "'*/");
      assertThat(traceOfLastRequest()).isEqualTo(TRACE);

      Queries.execute(
          connection,
          "SET application_name TO '" + PARENT + "'",
          "INSERT INTO told.orders VALUES (2)");
      assertThat(traceOfLastRequest()).isEqualTo(TRACE);

      Queries.execute(connection, "RESET application_name", "INSERT INTO told.orders VALUES (3)");
      assertThat(traceOfLastRequest()).isNotEqualTo(TRACE);
    }
  }
}
