package dev.pglambda.guide;

import dev.pglambda.guide.QueryConnection.QueryFailedException;
import dev.pglambda.guide.QueryConnection.QueryResult;
import dev.pglambda.protocol.ErrorFields;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Runs the statements of AWS's guide "Invoking an AWS Lambda function from a PostgreSQL DB
 * instance" through the proxy, and a call that fires in a trigger, and prints each with its rows as
 * psql would. Leaves nothing behind but the extension.
 */
public final class Guide {
  private static final List<String> STATEMENTS =
      List.of(
          "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE;",
          "SELECT aws_commons.create_lambda_function_arn('my-function', 'aws-region') AS aws_lambda_arn_1 \\gset",
          "SELECT * FROM aws_lambda.invoke(:'aws_lambda_arn_1', '{\"body\": \"Hello from Postgres!\"}'::json);",
          "SELECT * FROM aws_lambda.invoke(:'aws_lambda_arn_1', '{\"body\": \"Hello from Postgres!\"}'::json, 'Event');",
          """
          SELECT status_code, convert_from(decode(log_result, 'base64'), 'utf-8') AS log
            FROM aws_lambda.invoke(:'aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json, 'RequestResponse', 'Tail');""",
          "CREATE TEMPORARY TABLE orders (id int, item text, reply jsonb);",
          """
          CREATE FUNCTION pg_temp.tell_lambda() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            SELECT payload INTO NEW.reply FROM aws_lambda.invoke(
              aws_commons.create_lambda_function_arn('echo', 'us-east-1'), to_jsonb(NEW));
            RETURN NEW;
          END $$;""",
          "CREATE TRIGGER tell_lambda BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION pg_temp.tell_lambda();",
          "INSERT INTO orders VALUES (1, 'a lamp'), (2, 'a genie');",
          "SELECT * FROM orders;");

  private static final String GSET = " \\gset";

  private final PrintStream out;
  private String variable = "";
  private String value = "";

  private Guide(PrintStream out) {
    this.out = out;
  }

  /**
   * Runs the guide where the proxy listens, without a password if it is null; fails, with a message
   * of one line, if the connection does or a statement ends with an error.
   */
  public static void run(
      InetSocketAddress address,
      String user,
      @Nullable String password,
      String database,
      PrintStream out)
      throws IOException {
    Guide guide = new Guide(out);
    try (QueryConnection connection =
        QueryConnection.open(address, user, password, database, guide::printNotice)) {
      for (String statement : STATEMENTS) {
        guide.run(connection, statement);
      }
    } catch (QueryFailedException failed) {
      throw new IOException("the guide's example failed: " + failed.getMessage(), failed);
    }
  }

  private void run(QueryConnection connection, String statement)
      throws IOException, QueryFailedException {
    out.println("=> " + statement.replace("\n", "\n-> "));
    boolean gset = statement.endsWith(GSET);
    String sql = gset ? statement.substring(0, statement.length() - GSET.length()) : statement;
    for (QueryResult result :
        connection.query(variable.isEmpty() ? sql : sql.replace(":'" + variable + "'", value))) {
      if (gset) {
        variable = result.columns().get(0).name();
        value = literal(result.rows().get(0).get(0));
      } else if (result.columns().isEmpty()) {
        out.println(result.commandTag());
      } else {
        AlignedTable.format(result).forEach(out::println);
        out.println();
      }
    }
  }

  private static String literal(@Nullable String text) {
    return "'" + Objects.requireNonNullElse(text, "").replace("'", "''") + "'";
  }

  private void printNotice(ErrorFields notice) {
    out.println(notice.get(ErrorFields.SEVERITY) + ":  " + notice.get(ErrorFields.MESSAGE));
  }
}
