package dev.pglambda.client.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Psql;
import dev.pglambda.testing.Psql.Output;
import dev.pglambda.testing.Queries;
import java.io.IOException;
import java.sql.Connection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The statements of "Invoking an AWS Lambda function from an RDS for PostgreSQL DB instance" in
 * AWS's guide, typed into psql; the proxy's sample functions are the guide's.
 */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#withSampleFunctionsOfEachVersion")
class PsqlGuideTest {
  private static final String CREATE_EXTENSION =
      "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE;\n";

  private static final String CREATE_ARN =
      "SELECT aws_commons.create_lambda_function_arn('my-function', 'aws-region')"
          + " AS aws_lambda_arn_1 \\gset\n";

  private static final String HELLO =
      """
       status_code |                        payload                        | executed_version | log_result\s
      -------------+-------------------------------------------------------+------------------+------------
               200 | {"statusCode": 200, "body": "\\"Hello from Lambda!\\""} | $LATEST          |\s
      (1 row)

      """;

  private static final String ACCEPTED =
      """
       status_code | payload | executed_version | log_result\s
      -------------+---------+------------------+------------
               202 |         |                  |\s
      (1 row)

      """;

  private final LambdaDatabase database;

  PsqlGuideTest(LambdaDatabase database) {
    this.database = database;
  }

  /** Runs a script where the extension is, whoever installed it. */
  private String afterInstallation(String script) throws IOException, InterruptedException {
    Output output =
        Psql.throughProxy(database)
            .run("SET client_min_messages = warning;\n" + CREATE_EXTENSION + script);
    assertThat(output.exitCode()).isZero();
    assertThat(output.text()).startsWith("SET\nCREATE EXTENSION\n");
    return output.text().substring("SET\nCREATE EXTENSION\n".length());
  }

  private static String warning(String invocationType) {
    return """
    WARNING:  aws_lambda.invoke read "%s" as invocation_type, not as region
    DETAIL:  PostgreSQL took the text overload here, whose third argument is the region.
    HINT:  Cast the function name to aws_commons._lambda_function_arn_1, as aws_commons.create_lambda_function_arn returns it.
    """
        .formatted(invocationType);
  }

  @Test
  void installsTheExtensionsWithPostgresqlsOwnNotice() throws Exception {
    try (Connection connection = database.connect()) {
      Queries.execute(connection, "DROP EXTENSION IF EXISTS aws_lambda, aws_commons");
    }

    Output output = Psql.throughProxy(database).run(CREATE_EXTENSION + CREATE_EXTENSION);

    assertThat(output.text())
        .isEqualTo(
            """
            NOTICE:  installing required extension "aws_commons"
            CREATE EXTENSION
            NOTICE:  extension "aws_lambda" already exists, skipping
            CREATE EXTENSION
            """);
  }

  @Test
  void makesArnsOfEachForm() throws Exception {
    String text =
        afterInstallation(
            CREATE_ARN
                + """
                SELECT aws_commons.create_lambda_function_arn('111122223333:function:my-function', 'aws-region') AS lambda_partial_arn_1 \\gset
                SELECT aws_commons.create_lambda_function_arn('arn:aws:lambda:aws-region:111122223333:function:my-function') AS lambda_arn_1 \\gset
                \\echo :aws_lambda_arn_1
                \\echo :lambda_partial_arn_1
                \\echo :lambda_arn_1
                SELECT aws_commons.create_lambda_function_arn('my-function', 'aws-region') AS aws_lambda_arn_1;
                """);

    assertThat(text)
        .isEqualTo(
            """
            (my-function,aws-region)
            (111122223333:function:my-function,aws-region)
            (arn:aws:lambda:aws-region:111122223333:function:my-function,)
                 aws_lambda_arn_1    \s
            --------------------------
             (my-function,aws-region)
            (1 row)

            """);
  }

  @Test
  void callsByEachOfThoseArns() throws Exception {
    String text =
        afterInstallation(
            CREATE_ARN
                + """
                SELECT aws_commons.create_lambda_function_arn('111122223333:function:my-function', 'aws-region') AS lambda_partial_arn_1 \\gset
                SELECT aws_commons.create_lambda_function_arn('arn:aws:lambda:aws-region:111122223333:function:my-function') AS lambda_arn_1 \\gset
                SELECT * FROM aws_lambda.invoke(:'aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json);
                SELECT * FROM aws_lambda.invoke(:'lambda_partial_arn_1', '{"body": "Hello from Postgres!"}'::json);
                SELECT * FROM aws_lambda.invoke(:'lambda_arn_1', '{"body": "Hello from Postgres!"}'::json);
                """);

    assertThat(text).isEqualTo(HELLO.repeat(3));
  }

  @Test
  void callsByAnArnMadeInTheCall() throws Exception {
    String text =
        afterInstallation(
            """
            SELECT * from aws_lambda.invoke(aws_commons.create_lambda_function_arn('arn:aws:lambda:aws-region:444455556666:function:simple', 'us-west-1'), '{"body": "Hello from Postgres!"}'::json );
            SELECT * FROM aws_lambda.invoke(aws_commons.create_lambda_function_arn('my-function', 'aws-region'), '{"body": "Hello from Postgres!"}'::json );
            SELECT * FROM aws_lambda.invoke(aws_commons.create_lambda_function_arn('my-function:custom_version', 'us-west-2'), '{"body": "Hello from Postgres!"}'::json);
            """);

    assertThat(text).isEqualTo(HELLO.repeat(3));
  }

  @Test
  void readsTheArgumentsAfterAVariableAsTheGuideMeansThem() throws Exception {
    String text =
        afterInstallation(
            CREATE_ARN
                + """
                SELECT * FROM aws_lambda.invoke(:'aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json, 'RequestResponse');
                SELECT * FROM aws_lambda.invoke(:'aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json, 'Event');
                """);

    assertThat(text).isEqualTo(HELLO + ACCEPTED);
  }

  @Test
  void readsTheArgumentsAfterAPlainNameAsTheGuideMeansThemAndWarns() throws Exception {
    String text =
        afterInstallation(
            """
            SELECT * FROM aws_lambda.invoke('aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json);
            SELECT * FROM aws_lambda.invoke('aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json, 'RequestResponse');
            SELECT * FROM aws_lambda.invoke('aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json, 'Event');
            """);

    assertThat(text)
        .isEqualTo(HELLO + warning("RequestResponse") + HELLO + warning("Event") + ACCEPTED);
  }

  @Test
  void showsTheTailOfTheLog() throws Exception {
    String text =
        afterInstallation(
            CREATE_ARN
                + """
                \\x
                SELECT *, convert_from(decode(log_result, 'base64'), 'utf-8') as log FROM aws_lambda.invoke(:'aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json, 'RequestResponse', 'Tail');
                """);

    assertThat(text)
        .containsPattern("(?m)^status_code      \\| 200$")
        .containsPattern("(?m)^payload          \\| \\{\"statusCode\": 200, ")
        .containsPattern("(?m)^executed_version \\| \\$LATEST$")
        .containsPattern("(?m)^log_result       \\| [A-Za-z0-9+/]+=*$")
        .containsPattern("(?m)^log              \\| START RequestId: \\S+ Version: \\$LATEST +\\+$")
        .containsPattern("(?m)^ +\\| END RequestId: \\S+ +\\+$")
        .containsPattern("(?m)^ +\\| REPORT RequestId: .* Max Memory Used: .*$")
        .contains("Hello from Lambda!");
  }

  @Test
  void showsTheTailOfTheLogOfAPlainName() throws Exception {
    String text =
        afterInstallation(
            """
            \\pset format unaligned
            \\pset tuples_only
            SELECT status_code, payload, executed_version, convert_from(decode(log_result, 'base64'), 'utf-8') as log FROM aws_lambda.invoke('aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json, 'RequestResponse', 'Tail');
            """);

    assertThat(text)
        .contains(warning("RequestResponse"))
        .containsPattern(
            "(?m)^200\\|\\{\"statusCode\": 200, .*\\}\\|\\$LATEST\\|START RequestId: .*$")
        .containsPattern("(?m)^END RequestId: ");
  }

  @Test
  void grantsTheRightToCall() throws Exception {
    String call = "SELECT * FROM aws_lambda.invoke('simple', '{}'::json);\n";
    try (Connection connection = database.connect()) {
      Queries.execute(connection, "CREATE ROLE client_guide LOGIN");
      afterInstallation("");
      Psql user = Psql.throughProxy(database).as("client_guide", "");

      assertThat(user.run(call).text())
          .contains("ERROR:  permission denied for schema aws_lambda\n");
      assertThat(
              afterInstallation(
                  """
                  GRANT USAGE ON SCHEMA aws_lambda TO client_guide;
                  GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_lambda TO client_guide;
                  """))
          .isEqualTo("GRANT\nGRANT\n");
      assertThat(user.run(call).text()).isEqualTo(HELLO);

      Queries.execute(connection, "DROP OWNED BY client_guide", "DROP ROLE client_guide");
    }
  }

  @Test
  void listsTheExtensionsAndWhatTheyHold() throws Exception {
    String text =
        afterInstallation(
            """
            \\pset format unaligned
            \\pset tuples_only
            \\dx aws*
            \\df+ aws_lambda.*
            \\dT+ aws_commons._lambda_function_arn_1
            \\d aws_commons._lambda_function_arn_1
            """);

    assertThat(text)
        // psql 18 has one more column, after the version.
        .containsPattern(
            "(?m)^aws_commons\\|1\\.2\\|(.*\\|)?public\\|Common data types across AWS services$")
        .containsPattern("(?m)^aws_lambda\\|1\\.0\\|(.*\\|)?public\\|AWS Lambda integration$")
        .contains(
            "aws_lambda|invoke|record|function_name text, payload json, region text DEFAULT"
                + " NULL::text, invocation_type text DEFAULT 'RequestResponse'::text, log_type text"
                + " DEFAULT 'None'::text, context json DEFAULT NULL::json, qualifier character"
                + " varying DEFAULT NULL::character varying, OUT status_code integer, OUT payload"
                + " json, OUT executed_version text, OUT log_result text|func|volatile|unsafe|"
                + database.postgres().user()
                + "|definer|")
        .contains("aws_commons|aws_commons._lambda_function_arn_1|")
        .contains("function_name|text|||\nregion|text|||\n");
    assertThat(text.lines().filter(line -> line.startsWith("aws_lambda|invoke|"))).hasSize(4);
  }

  @Test
  void runsWhatAQueryGenerates() throws Exception {
    String text =
        afterInstallation(
            """
            \\pset format unaligned
            \\pset tuples_only
            \\set name 'echo'
            SELECT format('SELECT payload FROM aws_lambda.invoke(%L, %L::json)', :'name', n) FROM generate_series(1, 3) AS n \\gexec
            """);

    assertThat(text).endsWith("\n1\n2\n3\n");
  }
}
