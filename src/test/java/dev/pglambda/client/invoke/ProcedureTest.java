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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every place where PostgreSQL can call a function. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofEachVersion")
class ProcedureTest {
  private final FakeLambdaEndpoint lambda;
  private final Connection connection;
  private int requestsBefore;

  ProcedureTest(LambdaDatabase database) throws SQLException {
    lambda = database.lambda();
    lambda.on("echo", Reply.echo());
    connection = database.connect();
  }

  @BeforeEach
  void createSchema() throws SQLException {
    Queries.execute(
        connection,
        "DROP SCHEMA IF EXISTS called CASCADE",
        "CREATE SCHEMA called",
        "CREATE TABLE called.replies (reply json)");
    requestsBefore = lambda.requests().size();
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  private List<String> payloads() {
    List<ReceivedRequest> all = lambda.requests();
    return all.subList(requestsBefore, all.size()).stream().map(ReceivedRequest::text).toList();
  }

  @Test
  void aProcedureThatCommitsBetweenItsCalls() throws SQLException {
    Queries.execute(
        connection,
        """
        CREATE PROCEDURE called.work(count int) LANGUAGE plpgsql AS $$
        BEGIN
          FOR i IN 1..count LOOP
            INSERT INTO called.replies SELECT payload FROM aws_lambda.invoke('echo', to_json(i));
            IF i % 2 = 0 THEN COMMIT; ELSE ROLLBACK; END IF;
          END LOOP;
        END $$
        """,
        "CALL called.work(6)");

    assertThat(payloads()).containsExactly("1", "2", "3", "4", "5", "6");
    assertThat(Queries.rows(connection, "SELECT reply FROM called.replies"))
        .containsExactly("2", "4", "6");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PERFORM aws_lambda.invoke('echo', '1'::json)",
        "PERFORM * FROM aws_lambda.invoke('echo', '1'::json)",
        "SELECT payload INTO reply FROM aws_lambda.invoke('echo', '1'::json)",
        "reply := (aws_lambda.invoke('echo', '1'::json)).payload",
        "answer := aws_lambda.invoke(function_name := 'echo', payload := '1'::json)",
        "EXECUTE 'SELECT payload FROM aws_lambda.invoke($1, $2)' INTO reply USING 'echo'::text,"
            + " '1'::json",
        "EXECUTE format('SELECT * FROM aws_lambda.invoke(%L, %L::json)', 'echo', '1') INTO answer",
        "FOR answer IN SELECT * FROM aws_lambda.invoke('echo', '1'::json) LOOP NULL; END LOOP",
        "SELECT payload INTO reply FROM aws_lambda.invoke(arn, '1'::json, 'RequestResponse')",
      })
  void eachFormOfACallInABlock(String statement) throws SQLException {
    Queries.execute(
        connection,
        """
        DO $$
        DECLARE
          reply json;
          answer record;
          arn aws_commons._lambda_function_arn_1 := aws_commons.create_lambda_function_arn('echo');
        BEGIN
          %s;
        END $$
        """
            .formatted(statement));

    assertThat(payloads()).containsExactly("1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "WITH call AS (SELECT * FROM aws_lambda.invoke('echo', '1'::json))"
            + " SELECT payload FROM call",
        "WITH call AS MATERIALIZED (SELECT * FROM aws_lambda.invoke('echo', '1'::json))"
            + " SELECT a.payload FROM call AS a JOIN call AS b USING (status_code)",
        "SELECT (SELECT payload FROM aws_lambda.invoke('echo', '1'::json))",
        "SELECT (aws_lambda.invoke('echo', '1'::json)).payload",
        "SELECT payload FROM called.replies RIGHT JOIN aws_lambda.invoke('echo', '1'::json)"
            + " ON true",
        "SELECT CASE WHEN true THEN (SELECT payload FROM aws_lambda.invoke('echo', '1'::json))"
            + " ELSE (SELECT payload FROM aws_lambda.invoke('echo', '2'::json)) END",
        "SELECT payload FROM aws_lambda.invoke('echo', '1'::json) WHERE status_code = 200"
            + " ORDER BY executed_version LIMIT 1",
        "INSERT INTO called.replies SELECT payload FROM aws_lambda.invoke('echo', '1'::json)"
            + " RETURNING reply",
      })
  void eachFormOfACallInAQuery(String query) throws SQLException {
    assertThat(Queries.rows(connection, query)).containsExactly("1");
    assertThat(payloads()).containsExactly("1");
  }

  @Test
  void aView() throws SQLException {
    Queries.execute(
        connection,
        "CREATE VIEW called.hello AS SELECT payload FROM aws_lambda.invoke('echo', '1'::json)");
    assertThat(payloads()).isEmpty();

    assertThat(Queries.rows(connection, "SELECT * FROM called.hello, generate_series(1, 2)"))
        .containsExactly("1|1", "1|2");
    Queries.execute(
        connection,
        "CREATE MATERIALIZED VIEW called.kept AS SELECT payload::text FROM called.hello");
    assertThat(Queries.rows(connection, "SELECT * FROM called.kept")).containsExactly("1");
    assertThat(payloads()).containsExactly("1", "1");
  }

  @Test
  void aCursor() throws SQLException {
    connection.setAutoCommit(false);
    Queries.execute(
        connection,
        "DECLARE replies CURSOR FOR SELECT r.payload FROM generate_series(1, 100) AS n,"
            + " LATERAL aws_lambda.invoke('echo', to_json(n)) AS r");

    assertThat(Queries.rows(connection, "FETCH 3 FROM replies")).containsExactly("1", "2", "3");
    assertThat(Queries.rows(connection, "FETCH NEXT FROM replies")).containsExactly("4");
    Queries.execute(connection, "CLOSE replies");
    connection.commit();

    assertThat(payloads()).containsExactly("1", "2", "3", "4");
  }

  @Test
  void aCursorThatOutlivesItsTransaction() throws SQLException {
    connection.setAutoCommit(false);
    Queries.execute(
        connection,
        "DECLARE kept CURSOR WITH HOLD FOR SELECT r.payload FROM generate_series(1, 3) AS n,"
            + " LATERAL aws_lambda.invoke('echo', to_json(n)) AS r");
    connection.commit();

    assertThat(Queries.rows(connection, "FETCH ALL FROM kept")).containsExactly("1", "2", "3");
    assertThat(payloads()).containsExactly("1", "2", "3");
    connection.rollback();
  }

  @Test
  void aFunctionInSqlAndOneWithTheRightsOfItsOwner() throws SQLException {
    Queries.execute(
        connection,
        "CREATE FUNCTION called.plain(json) RETURNS json LANGUAGE sql AS"
            + " $$ SELECT payload FROM aws_lambda.invoke('echo', $1) $$",
        "CREATE FUNCTION called.owned(json) RETURNS json LANGUAGE sql SECURITY DEFINER AS"
            + " $$ SELECT payload FROM aws_lambda.invoke('echo', $1) $$",
        "DROP ROLE IF EXISTS client_caller",
        "CREATE ROLE client_caller",
        "GRANT USAGE ON SCHEMA called TO client_caller",
        "SET ROLE client_caller");

    assertThat(Queries.error(connection, "SELECT called.plain('1')").getMessage())
        .isEqualTo("permission denied for schema aws_lambda");
    assertThat(Queries.row(connection, "SELECT called.owned('1')")).isEqualTo("1");
    Queries.execute(
        connection, "RESET ROLE", "DROP OWNED BY client_caller", "DROP ROLE client_caller");
  }
}
