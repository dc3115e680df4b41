package dev.pglambda.client.invoke;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.ReceivedRequest;
import dev.pglambda.testing.Reply;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Calls that no client sends: those inside the database. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofEachVersion")
class TriggerTest {
  private static final String EVENT_OF_ROW =
      """
      CREATE FUNCTION told.tell() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM * FROM aws_lambda.invoke(
          aws_commons.create_lambda_function_arn('echo', 'us-east-1'), to_json(NEW), 'Event');
        RETURN NEW;
      END $$
      """;

  private final LambdaDatabase database;
  private final FakeLambdaEndpoint lambda;
  private final Connection connection;
  private int requestsBefore;

  TriggerTest(LambdaDatabase database) throws SQLException {
    this.database = database;
    lambda = database.lambda();
    lambda.on("echo", Reply.echo());
    lambda.on("failing", Reply.functionError("{}"));
    connection = database.connect();
  }

  @BeforeEach
  void createTable() throws SQLException {
    Queries.execute(
        connection,
        "DROP SCHEMA IF EXISTS told CASCADE",
        "CREATE SCHEMA told",
        "CREATE TABLE told.orders (id int, item text)");
    requestsBefore = lambda.requests().size();
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  /** What this test sent. */
  private List<ReceivedRequest> sent() {
    List<ReceivedRequest> all = lambda.requests();
    return all.subList(requestsBefore, all.size());
  }

  private List<String> payloads() {
    return sent().stream().map(ReceivedRequest::text).toList();
  }

  @Test
  void tellLambdaOnceOfEachOfAThousandRows() throws SQLException {
    Queries.execute(
        connection,
        EVENT_OF_ROW,
        "CREATE TRIGGER tell AFTER INSERT ON told.orders FOR EACH ROW EXECUTE FUNCTION told.tell()",
        "INSERT INTO told.orders SELECT n, 'item \u00e4 ' || n FROM generate_series(1, 1000) AS n");

    assertThat(payloads())
        .isEqualTo(
            IntStream.rangeClosed(1, 1000)
                .mapToObj("{\"id\":%1$d,\"item\":\"item \u00e4 %1$d\"}"::formatted)
                .toList());
    assertThat(payloads())
        .isEqualTo(Queries.rows(connection, "SELECT to_json(o) FROM told.orders AS o ORDER BY id"));
    assertThat(sent().stream().map(request -> request.header("X-Amz-Invocation-Type")).distinct())
        .containsExactly("Event");
  }

  @Test
  void tellLambdaInASessionThatBypassesTheProxy() throws SQLException {
    Queries.execute(
        connection,
        EVENT_OF_ROW,
        "CREATE TRIGGER tell AFTER INSERT ON told.orders FOR EACH ROW EXECUTE FUNCTION"
            + " told.tell()");

    try (Connection direct = database.connectDirectly()) {
      Queries.execute(direct, "INSERT INTO told.orders VALUES (1, 'a'), (2, 'b')");
      assertThat(Queries.row(direct, "SELECT payload FROM aws_lambda.invoke('echo', '[3]'::json)"))
          .isEqualTo("[3]");
      assertThat(
              Queries.error(direct, "SELECT * FROM aws_lambda.invoke('failing', '4'::json)")
                  .getMessage())
          .isEqualTo("lambda invocation failed");
    }

    assertThat(payloads())
        .containsExactly("{\"id\":1,\"item\":\"a\"}", "{\"id\":2,\"item\":\"b\"}", "[3]", "4");
  }

  @Test
  void putTheReplyIntoTheRow() throws SQLException {
    Queries.execute(
        connection,
        """
        CREATE FUNCTION told.ask() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          SELECT payload ->> 'item' INTO NEW.item FROM aws_lambda.invoke('echo',
            jsonb_build_object('item', upper(NEW.item)));
          RETURN NEW;
        END $$
        """,
        "CREATE TRIGGER ask BEFORE INSERT OR UPDATE ON told.orders FOR EACH ROW"
            + " WHEN (NEW.id > 0) EXECUTE FUNCTION told.ask()",
        "INSERT INTO told.orders VALUES (0, 'a'), (1, 'b'), (2, 'c')",
        "UPDATE told.orders SET item = 'd' WHERE id = 2");

    assertThat(Queries.rows(connection, "SELECT * FROM told.orders ORDER BY id"))
        .containsExactly("0|a", "1|B", "2|D");
  }

  @Test
  void tellLambdaOfAStatement() throws SQLException {
    Queries.execute(
        connection,
        """
        CREATE FUNCTION told.tell() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM aws_lambda.invoke('echo', (SELECT json_agg(id ORDER BY id) FROM added), NULL, 'Event');
          RETURN NULL;
        END $$
        """,
        "CREATE TRIGGER tell AFTER INSERT ON told.orders REFERENCING NEW TABLE AS added"
            + " FOR EACH STATEMENT EXECUTE FUNCTION told.tell()",
        "INSERT INTO told.orders SELECT n FROM generate_series(1, 3) AS n",
        "INSERT INTO told.orders VALUES (4)");

    assertThat(payloads()).containsExactly("[1, 2, 3]", "[4]");
  }

  @Test
  void setOffEachOther() throws SQLException {
    Queries.execute(
        connection,
        EVENT_OF_ROW,
        "CREATE TABLE told.items (id int, item text)",
        """
        CREATE FUNCTION told.split() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO told.items SELECT NEW.id, part FROM unnest(string_to_array(NEW.item, ' ')) AS part;
          PERFORM aws_lambda.invoke('echo', to_json(NEW.id));
          RETURN NEW;
        END $$
        """,
        "CREATE TRIGGER split BEFORE INSERT ON told.orders FOR EACH ROW EXECUTE FUNCTION"
            + " told.split()",
        "CREATE TRIGGER tell AFTER INSERT ON told.items FOR EACH ROW EXECUTE FUNCTION told.tell()",
        "INSERT INTO told.orders VALUES (1, 'a b')");

    assertThat(payloads())
        .containsExactly("{\"id\":1,\"item\":\"a\"}", "{\"id\":1,\"item\":\"b\"}", "1");
  }

  @Test
  void takeTheRowBackIfTheCallFails() throws SQLException {
    Queries.execute(
        connection,
        """
        CREATE FUNCTION told.tell() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM aws_lambda.invoke('failing', to_json(NEW));
          RETURN NEW;
        END $$
        """,
        "CREATE TRIGGER tell AFTER INSERT ON told.orders FOR EACH ROW EXECUTE FUNCTION"
            + " told.tell()");

    assertThat(Queries.error(connection, "INSERT INTO told.orders VALUES (1, 'a')").getWhere())
        .isEqualTo(
            """
            SQL function "invoke" statement 1
            SQL statement "SELECT aws_lambda.invoke('failing', to_json(NEW))"
            PL/pgSQL function told.tell() line 3 at PERFORM\
            """);

    assertThat(Queries.rows(connection, "SELECT * FROM told.orders")).isEmpty();
  }

  @Test
  void canDoWithoutLambdaIfTheyCatchErrors() throws SQLException {
    Queries.execute(
        connection,
        """
        CREATE FUNCTION told.tell() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          BEGIN
            PERFORM aws_lambda.invoke(CASE NEW.id % 2 WHEN 0 THEN 'failing' ELSE 'echo' END, to_json(NEW.id));
          EXCEPTION WHEN OTHERS THEN
            RAISE WARNING 'not told of %: %', NEW.id, SQLERRM;
          END;
          RETURN NEW;
        END $$
        """,
        "CREATE TRIGGER tell AFTER INSERT ON told.orders FOR EACH ROW EXECUTE FUNCTION told.tell()",
        "INSERT INTO told.orders SELECT n FROM generate_series(1, 6) AS n");

    assertThat(Queries.row(connection, "SELECT count(*) FROM told.orders")).isEqualTo("6");
    assertThat(payloads()).containsExactly("1", "2", "3", "4", "5", "6");
  }
}
