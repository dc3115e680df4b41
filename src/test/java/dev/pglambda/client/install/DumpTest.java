package dev.pglambda.client.install;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.Psql;
import dev.pglambda.testing.Psql.Output;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Dumps taken and restored through the proxy. pg_dump refuses servers that are newer than itself,
 * so these versions are left out.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("versions")
class DumpTest {
  private static final String ROLE = "dump_test_role";

  /** What differs from one dump of the same database to the next. */
  private static final Pattern CHANGING = Pattern.compile("(?m)^(--.*|\\\\(un)?restrict .*)\n");

  private static final String[] OBJECTS = {
    "CREATE EXTENSION aws_lambda CASCADE",
    "GRANT USAGE ON SCHEMA aws_lambda TO " + ROLE,
    "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_lambda TO " + ROLE,
    "CREATE TABLE orders (id int PRIMARY KEY, note text, arn aws_commons._lambda_function_arn_1)",
    """
    CREATE FUNCTION notify_order() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM * FROM aws_lambda.invoke(NEW.arn, row_to_json(NEW), 'Event');
      RETURN NEW;
    END $$\
    """,
    "INSERT INTO orders VALUES (1, 'first', ('orders', 'eu-west-1'))",
    "CREATE TRIGGER notify AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION notify_order()",
    "CREATE VIEW calls AS SELECT o.id, (aws_lambda.invoke(o.arn, '{}'::json)).* FROM orders AS o"
  };

  private static final String INSERT =
      "INSERT INTO orders VALUES (7, 'seventh', ('orders', 'eu-west-1'))";

  private final String version;
  private LambdaDatabase database;

  @TempDir private Path directory;

  DumpTest(String version) {
    this.version = version;
  }

  static Stream<String> versions() throws Exception {
    Process process = new ProcessBuilder("pg_dump", "--version").start();
    String text = new String(process.getInputStream().readAllBytes(), UTF_8);
    Matcher number = Pattern.compile("(\\d+)").matcher(text);
    int newest = number.find() ? Integer.parseInt(number.group(1)) : 0;
    return PostgresServer.versions().stream().filter(each -> Integer.parseInt(each) <= newest);
  }

  @BeforeEach
  void start() throws SQLException {
    database = LambdaDatabase.withoutExtension(version);
    database.lambda().on("orders", Reply.echo());
    database.postgres().execute("CREATE ROLE " + ROLE + " LOGIN");
  }

  @AfterEach
  void stop() throws SQLException {
    drop(database);
  }

  private static void drop(LambdaDatabase database) throws SQLException {
    database.close();
    database.postgres().execute("DROP DATABASE " + database.name(), "DROP ROLE " + ROLE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--format=plain", "--schema-only", "--inserts"})
  void dumpsWhatARealExtensionWouldLeave(String option) throws Exception {
    // Given
    LambdaDatabase real = LambdaDatabase.withControlFiles(version);
    real.postgres().execute("CREATE ROLE " + ROLE + " LOGIN");
    for (LambdaDatabase each : List.of(database, real)) {
      try (Connection connection = each.connect()) {
        Queries.execute(connection, OBJECTS);
      }
    }

    // When
    String dump = dump(database, option);
    String realDump = dump(real, option);
    drop(real);

    // Then
    assertThat(dump)
        .isEqualTo(realDump)
        .contains("CREATE EXTENSION IF NOT EXISTS aws_lambda WITH SCHEMA public;")
        .contains("GRANT USAGE ON SCHEMA aws_lambda TO " + ROLE)
        .doesNotContain("pglambda");
  }

  private static String dump(LambdaDatabase database, String option) throws Exception {
    Output output = Psql.throughProxy("pg_dump", database).with(option).run("");
    assertThat(output.exitCode()).as(output.text()).isZero();
    return CHANGING.matcher(output.text()).replaceAll("");
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "custom", "tar"})
  void restoresADumpIntoAnEmptyDatabase(String format) throws Exception {
    // Given
    try (Connection connection = database.connect()) {
      Queries.execute(connection, OBJECTS);
    }
    Path file = directory.resolve("dump");
    Output dumped =
        Psql.throughProxy("pg_dump", database).with("--format=" + format, "--file=" + file).run("");
    assertThat(dumped.text()).isEmpty();
    LambdaDatabase restored = LambdaDatabase.withoutExtension(version);
    restored.lambda().on("orders", Reply.echo());

    // When
    Psql restore =
        format.equals("plain")
            ? Psql.throughProxy(restored)
                .with("--quiet", "-v", "ON_ERROR_STOP=1", "-1", "-f", file.toString())
            : Psql.throughProxy("pg_restore", restored)
                .with("--single-transaction", file.toString());
    Output output = restore.run("");

    // Then
    assertThat(output.exitCode()).as(output.text()).isZero();
    assertThat(dump(restored, "--format=plain")).isEqualTo(dump(database, "--format=plain"));
    assertCallsWork(
        restored,
        "{\"id\":7,\"note\":\"seventh\",\"arn\":{\"function_name\":\"orders\",\"region\":\"eu-west-1\"}}");
    restored.close();
    restored.postgres().execute("DROP DATABASE " + restored.name());
  }

  @Test
  void restoresADumpWrittenByRds() throws Exception {
    // Given
    Path file = directory.resolve("rds.sql");
    try (InputStream dump = DumpTest.class.getResourceAsStream("/dumps/rds.sql")) {
      Files.write(file, Objects.requireNonNull(dump).readAllBytes());
    }

    // When
    Output output =
        Psql.throughProxy(database)
            .with("--quiet", "-v", "ON_ERROR_STOP=1", "-f", file.toString())
            .run("");

    // Then
    assertThat(output.text()).isEqualTo(" set_config \n------------\n \n(1 row)\n\n");
    assertThat(output.exitCode()).isZero();
    assertThat(database.lambda().requests()).isEmpty();
    assertCallsWork(
        database,
        "{\"id\":7,\"note\":\"seventh\",\"arn\":{\"function_name\":\"orders\",\"region\":\"eu-west-1\"}}");
  }

  private static void assertCallsWork(LambdaDatabase restored, String payload) throws SQLException {
    try (Connection connection = restored.connect()) {
      Queries.execute(connection, INSERT);
      assertThat(restored.lambda().requests("orders"))
          .hasSize(1)
          .allMatch(request -> request.text().equals(payload));
    }
    try (Connection connection = restored.connectAs(ROLE)) {
      assertThat(
              Queries.row(connection, "SELECT payload FROM aws_lambda.invoke('orders', '1'::json)"))
          .isEqualTo("1");
    }
  }
}
