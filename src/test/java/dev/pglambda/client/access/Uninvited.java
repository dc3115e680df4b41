package dev.pglambda.client.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.Forwarder;
import dev.pglambda.testing.Forwarder.Direction;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.postgresql.util.PSQLException;

/**
 * A role without EXECUTE on {@code aws_lambda.invoke}, but with dblink and a schema to create
 * objects in, tries to make the proxy call Lambda. It may execute {@code used.greet()}, which calls
 * with its owner's rights; nothing else may reach Lambda. The database's calls to the proxy are
 * recorded.
 */
final class Uninvited implements AutoCloseable {
  static final String ROLE = "uninvited";
  static final String PASSWORD = "of-the-uninvited";
  static final String GREET = "SELECT used.greet()";
  static final String INVOKE = "SELECT * FROM aws_lambda.invoke('hello', '1'::json)";

  private static final Pattern SIGNED = Pattern.compile("[0-9a-f]{64} (invoke/1 [^\0]*)\0");

  private final Forwarder forwarder;
  private final LambdaDatabase database;

  /** Requests when the test began. */
  private int requestsBefore;

  private Uninvited(Forwarder forwarder, LambdaDatabase database) {
    this.forwarder = forwarder;
    this.database = database;
  }

  static Stream<Uninvited> ofEachVersion() {
    return PostgresServer.versions().stream().map(Uninvited::of);
  }

  private static Uninvited of(String version) {
    try {
      Forwarder forwarder = Forwarder.start();
      LambdaDatabase database =
          LambdaDatabase.of(version, "--callback-address", forwarder.address());
      forwarder.target(database.proxy().port());
      database.lambda().on("hello", Reply.json("\"hello\""));
      return new Uninvited(forwarder, database);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  LambdaDatabase database() {
    return database;
  }

  void createRole() throws SQLException {
    requestsBefore = requests();
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

  void dropRole() throws SQLException {
    asSuperuser("DROP OWNED BY " + ROLE, "DROP ROLE " + ROLE);
  }

  void asSuperuser(String... statements) throws SQLException {
    try (Connection connection = database.connectDirectly()) {
      Queries.execute(connection, statements);
    }
  }

  /** A session of the role's in which used.greet() has opened the link. */
  Connection withLink() throws SQLException {
    Connection connection = database.connectAs(ROLE);
    Queries.execute(connection, GREET);
    return connection;
  }

  /** How many requests there have been. */
  private int requests() {
    return database.lambda().requests().size();
  }

  /** How many requests there have been in this test. */
  int requestsOfTheTest() {
    return requests() - requestsBefore;
  }

  void assertRequests(int expected) {
    assertThat(requestsOfTheTest()).isEqualTo(expected);
  }

  static String stateOfError(Connection connection, String sql) throws SQLException {
    return String.valueOf(Queries.error(connection, sql).getSQLState());
  }

  /** Sends a text over the session's link; the outcome, or the message of the error. */
  static String ask(Connection connection, String request) throws SQLException {
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

  static String sayHello(Connection connection) throws SQLException {
    String answer = ask(connection, "hello");
    assertThat(answer).matches("hello [0-9a-f]{32}");
    return answer.substring("hello ".length());
  }

  /** The last call that went over the newest link, as it was signed. */
  Matcher recorded() {
    Matcher signed = SIGNED.matcher(forwarder.passed(Direction.TO_TARGET));
    assertThat(signed.find()).isTrue();
    return signed;
  }

  /** What links of this installation ask for: no secret, it goes over the wire. */
  String linkDatabase() throws SQLException {
    try (Connection connection = database.connectDirectly()) {
      return Queries.row(connection, "SELECT 'pglambda_' || installation FROM pglambda.settings");
    }
  }

  @Override
  public void close() {
    database.close();
    forwarder.close();
  }

  /** For the names of the tests. */
  @Override
  public String toString() {
    return database.toString();
  }
}
