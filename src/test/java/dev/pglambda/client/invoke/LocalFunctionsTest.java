package dev.pglambda.client.invoke;

import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Psql;
import dev.pglambda.testing.Psql.Output;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.RequiredPrograms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.ServerErrorMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A folder of functions in Python and Node.js, called from SQL. */
class LocalFunctionsTest {
  private static final Logger log = LoggerFactory.getLogger(LocalFunctionsTest.class);
  private static final String UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
  private static final int EVENTS = 10_000;

  /** The function of AWS's guide, which prints what it was called with. */
  private static final String GUIDE_IN_PYTHON =
      """
      import json

      def lambda_handler(event, context):
          print("called with", event["body"])
          return {"statusCode": 200, "body": json.dumps("Hello from Lambda!")}
      """;

  private static final String GUIDE_IN_NODE =
      """
      export const handler = async (event) => {
        console.log("called with", event.body);
        return { statusCode: 200, body: JSON.stringify("Hello from Lambda!") };
      };
      """;

  @TempDir private static Path directory;
  private static Path functions;
  private static Path events;
  private static @Nullable LambdaDatabase database;

  private Connection connection;

  @BeforeAll
  static void start() throws IOException {
    RequiredPrograms.skipWithout("python3", "node");
    functions = Files.createDirectory(directory.resolve("functions"));
    events = Files.createFile(directory.resolve("events"));
    write("in-python.py", GUIDE_IN_PYTHON);
    write("in-node.mjs", GUIDE_IN_NODE);
    for (String name : List.of("saved", "renamed")) {
      write(name + "-python.py", answering("python", 0));
      write(name + "-node.mjs", answering("node", 0));
    }
    write(
        "strict.py",
        """
        def lambda_handler(event, context):
            raise ValueError("no stock of " + event["item"])
        """);
    write(
        "price.mjs",
        """
        export const handler = async (order) => ({ cents: order.quantity * 450 });
        """);
    write(
        "note.py",
        """
        def lambda_handler(event, context):
            with open(%s, "a") as notes:
                notes.write("%%d\\n" %% event["n"])
        """
            .formatted("\"" + events + "\""));
    database = LambdaDatabase.withFunctions(functions.toString());
  }

  @AfterAll
  static void stop() {
    if (database != null) {
      database.close();
    }
  }

  @BeforeEach
  void connect() throws SQLException {
    connection = database().connect();
    // The first call starts a runtime, beside all that a build does.
    Queries.execute(connection, "SET aws_lambda.request_timeout_ms = 30000");
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  private static LambdaDatabase database() {
    if (database == null) {
      throw new IllegalStateException("not started");
    }
    return database;
  }

  private static void write(String file, String code) throws IOException {
    Files.writeString(functions.resolve(file), code);
  }

  private static String answering(String language, int number) {
    return language.equals("python")
        ? "def lambda_handler(event, context):\n    return " + number + "\n"
        : "export const handler = async () => " + number + ";\n";
  }

  private String payload(String function) throws SQLException {
    return Queries.row(
        connection, "SELECT payload FROM aws_lambda.invoke('" + function + "', '{}'::json)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"in-python", "in-node"})
  void runsTheGuide(String function) throws Exception {
    Output output =
        Psql.throughProxy(database())
            .with("--no-align", "--tuples-only", "--quiet", "--set=ON_ERROR_STOP=1")
            .run(
                """
                SET aws_lambda.request_timeout_ms = 30000;
                CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE;
                SELECT aws_commons.create_lambda_function_arn('%s', 'aws-region') AS aws_lambda_arn_1 \\gset
                SELECT * FROM aws_lambda.invoke(:'aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json);
                SELECT * FROM aws_lambda.invoke(:'aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json, 'Event');
                SELECT status_code, convert_from(decode(log_result, 'base64'), 'utf-8')
                  FROM aws_lambda.invoke(:'aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json, 'RequestResponse', 'Tail');
                """
                    .formatted(function));

    assertThat(output.exitCode()).as(output.text()).isZero();
    List<String> lines =
        output
            .text()
            .lines()
            .filter(line -> !line.isEmpty() && !line.startsWith("NOTICE"))
            .toList();
    assertThat(lines.get(0))
        .matches(
            "200\\|\\{\"statusCode\": ?200, ?\"body\": ?\"\\\\\"Hello from Lambda!\\\\\"\"}\\|\\$LATEST\\|");
    assertThat(lines.get(1)).isEqualTo("202|||");
    assertThat(String.join("\n", lines.subList(2, lines.size())))
        .startsWith("200|")
        .containsPattern(
            """
            START RequestId: %1$s Version: \\$LATEST
            .*called with Hello from Postgres!
            END RequestId: %1$s
            REPORT RequestId: %1$s\tDuration:\s"""
                .formatted(UUID));
  }

  @ParameterizedTest
  @CsvSource({"python, .py", "node, .mjs"})
  void theNextCallRunsWhatWasSavedInPlace(String language, String ending) throws Exception {
    edit("saved-" + language, ending, language, (file, code) -> Files.writeString(file, code));
  }

  @ParameterizedTest
  @CsvSource({"python, .py", "node, .mjs"})
  void theNextCallRunsWhatWasSavedByRenaming(String language, String ending) throws Exception {
    edit(
        "renamed-" + language,
        ending,
        language,
        (file, code) ->
            Files.move(
                Files.writeString(directory.resolve("new-" + language), code),
                file,
                StandardCopyOption.ATOMIC_MOVE));
  }

  /** What an editor does. */
  @FunctionalInterface
  private interface Saving {
    void save(Path file, String code) throws IOException;
  }

  private void edit(String function, String ending, String language, Saving editor)
      throws Exception {
    assertThat(payload(function)).isEqualTo("0");
    for (int number = 1; number <= 5; number++) {
      editor.save(functions.resolve(function + ending), answering(language, number));
      long saved = System.nanoTime();

      assertThat(payload(function)).isEqualTo(Integer.toString(number));

      log.info(
          "{}: {} ms from the end of saving to the new answer",
          function,
          Duration.ofNanos(System.nanoTime() - saved).toMillis());
    }
  }

  @Test
  void aNewFileIsAFunctionAndADeletedOneIsNone() throws Exception {
    String call = "SELECT payload FROM aws_lambda.invoke('late', '{}'::json)";
    assertThat(Queries.error(connection, call).getDetail())
        .contains(
            "Function not found: arn:aws:lambda:us-east-1:000000000000:function:late:$LATEST");

    write("late.py", answering("python", 7));
    await("the new function answers").ignoreExceptions().until(() -> payload("late").equals("7"));

    Files.delete(functions.resolve("late.py"));
    await("the function is gone")
        .untilAsserted(
            () ->
                assertThat(Queries.error(connection, call).getDetail())
                    .contains("Function not found"));
  }

  @Test
  void anErrorThatAFunctionRaisesIsTheStatements() throws SQLException {
    ServerErrorMessage error =
        Queries.error(
            connection, "SELECT aws_lambda.invoke('strict', '{\"item\": \"lamps\"}'::json)");

    assertThat(error.getMessage()).isEqualTo("lambda invocation failed");
    assertThat(error.getDetail())
        .startsWith("\"strict\" returned error \"Unhandled\", details: \"{")
        .containsPattern("\"errorType\": ?\"ValueError\"")
        .containsPattern("\"errorMessage\": ?\"no stock of lamps\"")
        .contains("strict.py");
  }

  @Test
  void aTriggerCallsOneForEachRow() throws SQLException {
    Queries.execute(
        connection,
        "CREATE TABLE orders (id int, quantity int, cents int)",
        """
        CREATE FUNCTION price() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          SELECT payload->>'cents' INTO NEW.cents FROM aws_lambda.invoke('price', to_json(NEW));
          RETURN NEW;
        END $$\
        """,
        "CREATE TRIGGER price BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION price()");

    assertThat(
            Queries.rows(
                connection,
                "INSERT INTO orders SELECT n, n FROM generate_series(1, 3) AS n RETURNING id, cents"))
        .containsExactly("1|450", "2|900", "3|1350");
  }

  @Test
  void anEventOfATriggerThatFailsIsAFailureInTheView() throws Exception {
    Queries.execute(
        connection,
        "CREATE TABLE sales (item text)",
        """
        CREATE FUNCTION sell() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM aws_lambda.invoke('strict', to_json(NEW), invocation_type => 'Event');
          RETURN NULL;
        END $$\
        """,
        "CREATE TRIGGER sell AFTER INSERT ON sales FOR EACH ROW EXECUTE FUNCTION sell()",
        "INSERT INTO sales VALUES ('lamps')");

    await("the event has failed three times")
        .untilAsserted(
            () ->
                assertThat(
                        Queries.rows(
                            connection,
                            """
                            SELECT function_name, status_code, payload, sqlstate, response::json->>'errorMessage',
                              log LIKE 'START RequestId: %ValueError%', statement
                            FROM pglambda.invocations WHERE outcome = 'function_error' AND invocation_type = 'Event'
                            """))
                    .containsExactly(
                        "strict|202|{\"item\":\"lamps\"}|NULL|no stock of lamps|t"
                            + "|INSERT INTO sales VALUES ('lamps')"));
  }

  @Test
  void eachEventOfATriggerRunsOnce() throws Exception {
    Queries.execute(
        connection,
        "CREATE TABLE notes (n int)",
        """
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM aws_lambda.invoke('note', to_json(NEW), invocation_type => 'Event');
          RETURN NULL;
        END $$\
        """,
        "CREATE TRIGGER note AFTER INSERT ON notes FOR EACH ROW EXECUTE FUNCTION note()",
        "INSERT INTO notes SELECT generate_series(1, " + EVENTS + ")");

    await("all events have run")
        .atMost(Duration.ofMinutes(2))
        .until(() -> Files.size(events) >= sizeOfAll());
    assertThat(Files.readAllLines(events).stream().map(Integer::valueOf))
        .containsExactlyInAnyOrderElementsOf(IntStream.rangeClosed(1, EVENTS).boxed().toList());
  }

  private static long sizeOfAll() {
    return IntStream.rangeClosed(1, EVENTS).mapToLong(n -> Integer.toString(n).length() + 1).sum();
  }
}
