package dev.pglambda.client.invoke;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.ReceivedRequest;
import dev.pglambda.testing.Reply;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a call means: as it is seen at the endpoint, and in the row. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofEachVersion")
class InvokeTest {
  private static final String ROW = "200|{\"a\": 1}|$LATEST|NULL";

  private final FakeLambdaEndpoint lambda;
  private final Connection connection;
  private final int requestsBefore;

  InvokeTest(LambdaDatabase database) throws SQLException {
    lambda = database.lambda();
    lambda.on("echo", Reply.echo().withLog("START\nhello\nEND\n"));
    requestsBefore = lambda.requests().size();
    connection = database.connect();
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  private String invoke(String arguments) throws SQLException {
    return Queries.row(connection, "SELECT * FROM aws_lambda.invoke(" + arguments + ")");
  }

  /** What this test sent. */
  private List<ReceivedRequest> sent() {
    List<ReceivedRequest> all = lambda.requests();
    return all.subList(requestsBefore, all.size());
  }

  private ReceivedRequest onlyRequest() {
    assertThat(sent().size()).as("requests").isEqualTo(1);
    return sent().get(0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "'echo', '{\"a\": 1}'::json; json",
        "'echo', '{\"a\": 1}'::jsonb; jsonb",
        "aws_commons.create_lambda_function_arn('echo'), '{\"a\": 1}'::json; json",
        "aws_commons.create_lambda_function_arn('echo'), '{\"a\": 1}'::jsonb; jsonb",
      },
      quoteCharacter = '`')
  void hasFourOverloads(String arguments, String type) throws SQLException {
    assertThat(invoke(arguments)).isEqualTo(ROW);

    assertThat(onlyRequest().text()).isEqualTo("{\"a\": 1}");
    assertThat(
            Queries.row(
                connection,
                "SELECT pg_typeof(status_code), pg_typeof(payload), pg_typeof(executed_version),"
                    + " pg_typeof(log_result) FROM aws_lambda.invoke(%s)".formatted(arguments)))
        .isEqualTo("integer|%s|text|text".formatted(type));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'echo', '{\"a\": 1}'::json",
        "'echo', '{\"a\": 1}'::json, NULL, NULL, NULL, NULL, NULL",
        "aws_commons.create_lambda_function_arn('echo', NULL), '{\"a\": 1}'::jsonb, NULL, NULL,"
            + " NULL, NULL",
        "ROW('echo', 'us-east-1')::aws_commons._lambda_function_arn_1, '{\"a\": 1}'::json",
        "'(echo,us-east-1)'::aws_commons._lambda_function_arn_1, '{\"a\": 1}'::json",
        "payload := '{\"a\": 1}'::json, function_name := 'echo'",
        "'echo', invocation_type => 'RequestResponse', payload => '{\"a\": 1}'::jsonb",
        "log_type => 'None', payload => '{\"a\": 1}'::json,"
            + " function_name => aws_commons.create_lambda_function_arn('echo')",
      })
  void hasDefaultsAndNames(String arguments) throws SQLException {
    assertThat(invoke(arguments)).isEqualTo(ROW);

    ReceivedRequest request = onlyRequest();
    assertThat(request.functionName()).isEqualTo("echo");
    assertThat(request.signingRegion()).isEqualTo("us-east-1");
    assertThat(request.qualifier()).isNull();
    assertThat(request.header("X-Amz-Invocation-Type")).isEqualTo("RequestResponse");
    assertThat(request.header("X-Amz-Log-Type")).isEqualTo("None");
    assertThat(request.header("X-Amz-Client-Context")).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "Event; 202|NULL|NULL|NULL",
        "DryRun; 204|NULL|NULL|NULL",
        "RequestResponse; 200|{\"a\": 1}|$LATEST|NULL",
      },
      quoteCharacter = '`')
  void hasThreeInvocationTypes(String type, String row) throws SQLException {
    assertThat(invoke("'echo', '{\"a\": 1}'::json, invocation_type => '%s'".formatted(type)))
        .isEqualTo(row);

    assertThat(onlyRequest().header("X-Amz-Invocation-Type")).isEqualTo(type);
    assertThat(onlyRequest().text()).isEqualTo("{\"a\": 1}");
  }

  @Test
  void returnsTheTailOfTheLog() throws SQLException {
    assertThat(
            Queries.row(
                connection,
                "SELECT status_code, payload, convert_from(decode(log_result, 'base64'), 'utf-8')"
                    + " FROM aws_lambda.invoke(aws_commons.create_lambda_function_arn('echo'),"
                    + " '1'::json, 'RequestResponse', 'Tail')"))
        .isEqualTo("200|1|START\nhello\nEND\n");

    assertThat(onlyRequest().header("X-Amz-Log-Type")).isEqualTo("Tail");
  }

  @ParameterizedTest
  @ValueSource(strings = {"json", "jsonb"})
  void sendsTheClientContext(String type) throws SQLException {
    String context = "{\"custom\": {\"k\": \"\u00e4\"}}";

    invoke("'echo', '1'::%1$s, context => '%2$s'::%1$s".formatted(type, context));

    String sent = String.valueOf(onlyRequest().header("X-Amz-Client-Context"));
    assertThat(new String(Base64.getDecoder().decode(sent), StandardCharsets.UTF_8))
        .isEqualTo(context);
  }

  @ParameterizedTest
  @ValueSource(strings = {"'echo'", "aws_commons.create_lambda_function_arn('echo')"})
  void sendsTheQualifier(String function) throws SQLException {
    invoke(function + ", '1'::json, qualifier => 'custom_version'");

    assertThat(onlyRequest().functionName()).isEqualTo("echo");
    assertThat(onlyRequest().qualifier()).isEqualTo("custom_version");
  }

  @Test
  void takesAllArgumentsByTheirPlaces() throws SQLException {
    assertThat(
            invoke(
                "'echo', '1'::json, 'eu-west-1', 'RequestResponse', 'Tail', '{\"env\": {}}'::json,"
                    + " 'prod'"))
        .isEqualTo("200|1|$LATEST|U1RBUlQKaGVsbG8KRU5ECg==");

    ReceivedRequest request = onlyRequest();
    assertThat(request.signingRegion()).isEqualTo("eu-west-1");
    assertThat(request.qualifier()).isEqualTo("prod");
    assertThat(request.header("X-Amz-Client-Context")).isEqualTo("eyJlbnYiOiB7fX0=");
  }

  @Test
  void readsTheTextFormOfAnArnAsTheCompositeOverload() throws SQLException {
    invoke("'(echo,eu-west-3)', '1'::json, 'Event'");

    assertThat(onlyRequest().functionName()).isEqualTo("echo");
    assertThat(onlyRequest().signingRegion()).isEqualTo("eu-west-3");
    assertThat(onlyRequest().header("X-Amz-Invocation-Type")).isEqualTo("Event");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "'echo'; NULL; us-east-1",
        "'echo'; 'eu-west-1'; eu-west-1",
        "'echo'; 'aws-region'; us-east-1",
        "'arn:aws:lambda:ap-south-1:111122223333:function:echo'; NULL; ap-south-1",
        "'arn:aws:lambda:ap-south-1:111122223333:function:echo'; 'ap-south-1'; ap-south-1",
        "'arn:aws:lambda:aws-region:111122223333:function:echo'; 'us-west-1'; us-west-1",
        "'111122223333:function:echo'; 'eu-north-1'; eu-north-1",
      },
      quoteCharacter = '`')
  void signsForTheRegionOfTheCall(String name, String region, String signed) throws SQLException {
    invoke("%s, '1'::json, %s".formatted(name, region));
    invoke("aws_commons.create_lambda_function_arn(%s, %s), '1'::json".formatted(name, region));

    assertThat(sent()).extracting(ReceivedRequest::signingRegion).containsExactly(signed, signed);
    assertThat(sent().get(1).functionName()).isEqualTo(sent().get(0).functionName());
  }

  @Test
  void sendsEachFormOfANameAsItIs() throws SQLException {
    List<String> names =
        List.of(
            "echo",
            "echo:prod",
            "111122223333:function:echo",
            "arn:aws:lambda:us-east-1:111122223333:function:echo:$LATEST");

    for (String name : names) {
      invoke("'%s', '1'::json".formatted(name));
    }

    assertThat(sent()).extracting(ReceivedRequest::functionName).isEqualTo(names);
  }

  @Test
  void toleratesAnswersThatLackSomething() throws SQLException {
    lambda.on("without-version", Reply.echo().withoutHeader("X-Amz-Executed-Version"));
    lambda.on("without-body", Reply.json(""));
    lambda.on("null", Reply.json("null"));

    assertThat(invoke("'without-version', '1'::json")).isEqualTo("200|1|NULL|NULL");
    assertThat(invoke("'without-body', '1'::json")).isEqualTo("200|NULL|$LATEST|NULL");
    assertThat(invoke("'null', '1'::json")).isEqualTo("200|null|$LATEST|NULL");
  }

  @Test
  void callsOnceForEachRowOfALateral() throws SQLException {
    assertThat(
            Queries.rows(
                connection,
                "SELECT n, r.status_code, r.payload FROM generate_series(1, 3) AS n,"
                    + " LATERAL aws_lambda.invoke('echo', to_json(n)) AS r"))
        .containsExactly("1|200|1", "2|200|2", "3|200|3");

    assertThat(sent()).extracting(ReceivedRequest::text).containsExactly("1", "2", "3");
  }

  @Test
  void callsOnceHoweverOftenItsColumnsAreNamed() throws SQLException {
    assertThat(
            Queries.row(
                connection,
                "SELECT status_code, payload, payload::text || executed_version FROM"
                    + " (SELECT * FROM aws_lambda.invoke('echo', '1'::json)) AS call"))
        .isEqualTo("200|1|1$LATEST");

    assertThat(onlyRequest().text()).isEqualTo("1");
  }
}
