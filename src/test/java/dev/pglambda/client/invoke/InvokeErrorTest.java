package dev.pglambda.client.invoke;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.UnansweredAddress;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.ServerErrorMessage;

/** Every error of a call, word for word, and what becomes of the transaction and the session. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofEachVersion")
class InvokeErrorTest {
  private static final String CONTEXT = "SQL function \"invoke\" statement 1";
  private static final String UNREACHABLE =
      "AWS Lambda client returned 'Unable to connect to endpoint'.";

  private final LambdaDatabase database;
  private final FakeLambdaEndpoint lambda;
  private final Connection connection;

  InvokeErrorTest(LambdaDatabase database) throws SQLException {
    this.database = database;
    lambda = database.lambda();
    lambda.on("echo", Reply.echo());
    lambda.on("failing", Reply.functionError("{\"errorMessage\": \"no\"}"));
    connection = database.connect();
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  /** The error of a call, and that the session goes on after it. */
  private ServerErrorMessage error(String arguments) throws SQLException {
    ServerErrorMessage error =
        Queries.error(connection, "SELECT * FROM aws_lambda.invoke(" + arguments + ")");
    assertThat(Queries.row(connection, "SELECT payload FROM aws_lambda.invoke('echo', '1'::json)"))
        .isEqualTo("1");
    return error;
  }

  private static void assertError(
      ServerErrorMessage error,
      String sqlState,
      String message,
      @Nullable String detail,
      @Nullable String hint) {
    assertThat(error.getSeverity()).isEqualTo("ERROR");
    assertThat(error.getSQLState()).isEqualTo(sqlState);
    assertThat(error.getMessage()).isEqualTo(message);
    assertThat(error.getDetail()).isEqualTo(detail);
    assertThat(error.getHint()).isEqualTo(hint);
    assertThat(error.getWhere()).isEqualTo(CONTEXT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"failing", "failing:prod", "111122223333:function:failing"})
  void saysThatTheFunctionFailed(String name) throws SQLException {
    String detail =
        "\"%s\" returned error \"Unhandled\", details: \"{\"errorMessage\": \"no\"}\"."
            .formatted(name);

    assertError(
        error("'%s', '1'::json".formatted(name)),
        "38000",
        "lambda invocation failed",
        detail,
        null);
    assertError(
        error("aws_commons.create_lambda_function_arn('%s'), '1'::jsonb".formatted(name)),
        "38000",
        "lambda invocation failed",
        detail,
        null);
  }

  @ParameterizedTest
  @CsvSource({
    "404, ResourceNotFoundException, Function not found: arn:aws:lambda:us-east-1:1:function:x",
    "403, AccessDeniedException, User: u is not authorized to perform: lambda:InvokeFunction",
    "429, TooManyRequestsException, Rate Exceeded.",
    "413, RequestTooLargeException, 6291557 byte payload is too large",
    "400, ValidationException, 1 validation error detected",
    "500, ServiceException, An error occurred and the request cannot be processed.",
  })
  void quotesTheService(int status, String type, String message) throws SQLException {
    lambda.on("refused", Reply.apiError(status, type, message));
    int before = lambda.requests("refused").size();

    assertError(
        error("'refused', '1'::json"),
        "38000",
        "invoke API failed",
        "AWS Lambda client returned '" + message + "'.",
        null);
    assertThat(lambda.requests("refused")).as("nothing is repeated").hasSize(before + 1);
  }

  @Test
  void saysThatTheOutcomeIsUnknownIfTheConnectionBreaks() throws SQLException {
    Map<Reply, String> replies =
        Map.of(
            Reply.reset(), "curlCode: 56, Failure when receiving data from the peer",
            Reply.close(), "curlCode: 52, Server returned nothing (no headers, no data)",
            Reply.closeMidBody(), "curlCode: 18, Transferred a partial file");
    for (Map.Entry<Reply, String> reply : replies.entrySet()) {
      lambda.on("breaking", reply.getKey());
      int before = lambda.requests("breaking").size();

      assertError(
          error("'breaking', '1'::json"),
          "38000",
          "invoke API failed",
          "AWS Lambda client returned '"
              + reply.getValue()
              + "'. Whether the function ran is unknown.",
          null);
      assertThat(lambda.requests("breaking")).as("nothing is repeated").hasSize(before + 1);
    }
  }

  @Test
  void saysThatTheEndpointCannotBeReachedIfItRefuses() throws Exception {
    assertUnreachable(FakeLambdaEndpoint.refusing().toString());
  }

  @Test
  void saysThatTheEndpointCannotBeReachedIfItsNameIsUnknown() throws Exception {
    assertUnreachable("http://no-such-host.invalid:9001");
  }

  @Test
  void saysThatTheEndpointCannotBeReachedIfConnectingTakesTooLong() throws Exception {
    try (UnansweredAddress unanswered = UnansweredAddress.open()) {
      assertUnreachable(unanswered.uri().toString());
    }
  }

  private void assertUnreachable(String endpoint) throws Exception {
    String name = database.postgres().createDatabase();
    try (ProxyUnderTest proxy =
            ProxyUnderTest.start(database.postgres(), "--lambda-endpoint", endpoint);
        Connection unlucky = proxy.connect(name)) {
      Queries.execute(
          unlucky,
          "CREATE EXTENSION aws_lambda CASCADE",
          "SET aws_lambda.connect_timeout_ms = 300",
          "SET aws_lambda.request_timeout_ms = 30000");

      assertError(
          Queries.error(unlucky, "SELECT * FROM aws_lambda.invoke('echo', '1'::json)"),
          "38000",
          "invoke API failed",
          UNREACHABLE,
          null);
    }
  }

  @Test
  void saysThatTheTimeIsOver() throws SQLException {
    lambda.on("held", Reply.json("1").held());
    Queries.execute(connection, "SET aws_lambda.request_timeout_ms = 50");

    ServerErrorMessage error =
        Queries.error(connection, "SELECT * FROM aws_lambda.invoke('held', '1'::json)");

    assertError(
        error,
        "38000",
        "invoke API failed",
        "AWS Lambda client returned 'curlCode: 28, Timeout was reached'.",
        null);
  }

  @Test
  void saysWhichArgumentIsWrong() throws SQLException {
    int before = lambda.requests("echo").size();

    assertError(
        error("'echo', '1'::json, invocation_type => 'event'"),
        "22023",
        "invalid value for argument \"invocation_type\" of aws_lambda.invoke: \"event\"",
        null,
        "Available values: RequestResponse, Event, DryRun (case-sensitive).");
    assertError(
        error("'echo', '1'::json, log_type => 'TAIL'"),
        "22023",
        "invalid value for argument \"log_type\" of aws_lambda.invoke: \"TAIL\"",
        null,
        "Available values: None, Tail (case-sensitive).");
    assertError(
        error("NULL::text, '1'::json"),
        "22004",
        "argument \"function_name\" of aws_lambda.invoke must not be null",
        null,
        null);
    assertError(
        error("NULL::aws_commons._lambda_function_arn_1, '1'::json"),
        "22004",
        "argument \"function_name\" of aws_lambda.invoke must not be null",
        null,
        null);
    assertError(
        error("'echo', NULL::jsonb"),
        "22004",
        "argument \"payload\" of aws_lambda.invoke must not be null",
        null,
        null);
    assertThat(lambda.requests("echo"))
        .as("those of the calls in between alone")
        .hasSize(before + 5);
  }

  @Test
  void saysWhatContradictsTheArn() throws SQLException {
    assertError(
        error("'arn:aws:lambda:us-west-2:111122223333:function:echo', '1'::json, 'us-east-1'"),
        "22023",
        "region \"us-east-1\" contradicts the region in the ARN of the function",
        "\"arn:aws:lambda:us-west-2:111122223333:function:echo\" is in region \"us-west-2\".",
        "Leave the region out, or give the same one.");
    assertError(
        error("'echo:prod', '1'::json, qualifier => 'test'"),
        "22023",
        "qualifier \"test\" contradicts the qualifier in the name of the function",
        "\"echo:prod\" has the qualifier \"prod\".",
        "Leave the qualifier out, or give the same one.");
  }

  @Test
  void leavesAReplyThatIsNotJsonToPostgresql() throws SQLException {
    lambda.on("text", Reply.json("hello"));

    ServerErrorMessage error = error("'text', '1'::json");

    assertThat(error.getSQLState()).isEqualTo("22P02");
    assertThat(error.getMessage()).isEqualTo("invalid input syntax for type json");
    assertThat(error.getDetail()).isEqualTo("Token \"hello\" is invalid.");
    assertThat(error.getWhere()).endsWith(CONTEXT).doesNotContain("pglambda");
  }

  @Test
  void leavesAmbiguousCallsToPostgresql() throws SQLException {
    assertThat(error("'echo', '1'").getSQLState()).isEqualTo("42725");
    assertThat(error("'echo', NULL").getSQLState()).isEqualTo("42725");
    assertThat(error("aws_commons.create_lambda_function_arn('echo'), '1'").getSQLState())
        .isEqualTo("42725");
  }

  @Test
  void leavesAMissingExtensionToPostgresql() throws Exception {
    try (Connection other = database.proxy().connect(database.postgres().createDatabase())) {
      ServerErrorMessage error =
          Queries.error(other, "SELECT (SELECT payload FROM aws_lambda.invoke('echo', '1'::json))");

      assertThat(error.getSQLState()).isEqualTo("3F000");
      assertThat(error.getMessage()).isEqualTo("schema \"aws_lambda\" does not exist");
      assertThat(error.getHint()).contains("CREATE EXTENSION aws_lambda CASCADE");
    }
  }

  @Test
  void canBeCaughtAndFollowedByAnotherCall() throws SQLException {
    Queries.execute(
        connection,
        """
        CREATE FUNCTION pg_temp.careful(OUT state text, OUT message text, OUT reply json)
        LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM * FROM aws_lambda.invoke('failing', '1'::json);
        EXCEPTION WHEN OTHERS THEN
          state := SQLSTATE;
          message := SQLERRM;
          reply := (aws_lambda.invoke('echo', '2'::json)).payload;
        END $$
        """);

    assertThat(Queries.row(connection, "SELECT * FROM pg_temp.careful()"))
        .isEqualTo("38000|lambda invocation failed|2");
  }

  @Test
  void abortsTheTransactionAndNotTheSession() throws SQLException {
    Queries.execute(connection, "CREATE TEMPORARY TABLE kept (n int)");
    connection.setAutoCommit(false);
    Queries.execute(connection, "INSERT INTO kept VALUES (1)", "SAVEPOINT before_the_call");

    Queries.error(connection, "SELECT * FROM aws_lambda.invoke('failing', '1'::json)");
    assertThat(Queries.error(connection, "SELECT 1").getSQLState()).isEqualTo("25P02");
    Queries.execute(connection, "ROLLBACK TO before_the_call");
    Queries.execute(
        connection,
        "INSERT INTO kept SELECT status_code FROM aws_lambda.invoke('echo', '1'::json)");
    connection.commit();
    Queries.error(connection, "SELECT * FROM aws_lambda.invoke('failing', '1'::json)");
    connection.rollback();

    assertThat(Queries.rows(connection, "SELECT n FROM kept")).containsExactly("1", "200");
  }
}
