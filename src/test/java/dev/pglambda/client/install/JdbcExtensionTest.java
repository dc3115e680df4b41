package dev.pglambda.client.install;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Installing the extensions through pgjdbc, on a server that has never heard of them. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofEachVersion")
class JdbcExtensionTest {
  private static final String CREATE = "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE";
  private static final String INSTALLED =
      "SELECT string_agg(extname || ' ' || extversion, ', ' ORDER BY extname) FROM pg_extension"
          + " WHERE extname LIKE 'aws%'";
  private static final String BOTH = "aws_commons 1.2, aws_lambda 1.0";
  private static final String NAMESPACES =
      "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^(aws_|pglambda)'";

  private final LambdaDatabase database;

  JdbcExtensionTest(LambdaDatabase database) {
    this.database = database;
    database.lambda().on("echo", Reply.echo());
  }

  @BeforeEach
  void drop() throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(connection, "DROP EXTENSION IF EXISTS aws_lambda, aws_commons CASCADE");
      assertThat(Queries.row(connection, NAMESPACES)).isEqualTo("0");
    }
  }

  private static List<String> texts(@Nullable SQLWarning first) {
    List<String> texts = new ArrayList<>();
    for (SQLWarning warning = first; warning != null; warning = warning.getNextWarning()) {
      texts.add(warning.getSQLState() + " " + warning.getMessage());
    }
    return texts;
  }

  private static String call(Connection connection) throws SQLException {
    return Queries.row(connection, "SELECT payload FROM aws_lambda.invoke('echo', '1'::json)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "preferQueryMode=simple",
        "preferQueryMode=extended",
        "preferQueryMode=extendedCacheEverything",
        "prepareThreshold=-1",
      })
  void installsThemOnceHoweverOftenAsked(String mode) throws SQLException {
    try (Connection connection = database.connect(mode);
        PreparedStatement statement = connection.prepareStatement(CREATE)) {
      assertThat(statement.executeUpdate()).isZero();
      assertThat(texts(statement.getWarnings()))
          .containsExactly("00000 installing required extension \"aws_commons\"");
      for (int i = 0; i < 6; i++) {
        assertThat(statement.executeUpdate()).isZero();
        assertThat(texts(statement.getWarnings()))
            .containsExactly("42710 extension \"aws_lambda\" already exists, skipping");
      }

      assertThat(Queries.row(connection, INSTALLED)).isEqualTo(BOTH);
      assertThat(call(connection)).isEqualTo("1");
    }
  }

  @Test
  void installsThemInTwoStatements() throws SQLException {
    try (Connection connection = database.connect()) {
      assertThat(Queries.error(connection, "CREATE EXTENSION aws_lambda"))
          .satisfies(
              error -> {
                assertThat(error.getSQLState()).isEqualTo("42704");
                assertThat(error.getMessage())
                    .isEqualTo("required extension \"aws_commons\" is not installed");
                assertThat(error.getHint())
                    .isEqualTo(
                        "Use CREATE EXTENSION ... CASCADE to install required extensions too.");
                assertThat(error.getWhere()).isNull();
              });
      Queries.execute(
          connection,
          "CREATE EXTENSION \"aws_commons\" WITH SCHEMA public",
          "CREATE EXTENSION aws_lambda VERSION '1.0'",
          "COMMENT ON EXTENSION aws_lambda IS 'AWS Lambda integration'");

      assertThat(Queries.row(connection, INSTALLED)).isEqualTo(BOTH);
      assertThat(call(connection)).isEqualTo("1");
    }
  }

  @Test
  void takesThemBackWithTheTransaction() throws SQLException {
    try (Connection connection = database.connect()) {
      connection.setAutoCommit(false);
      Queries.execute(connection, CREATE);
      assertThat(Queries.row(connection, INSTALLED)).isEqualTo(BOTH);
      assertThat(call(connection)).isEqualTo("1");

      connection.rollback();

      assertThat(Queries.row(connection, INSTALLED)).isEqualTo("NULL");
      assertThat(Queries.row(connection, NAMESPACES)).isEqualTo("0");
      assertThat(
              Queries.error(connection, "SELECT aws_lambda.invoke('echo', '1'::json)")
                  .getSQLState())
          .isEqualTo("3F000");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"preferQueryMode=simple", "preferQueryMode=extended"})
  void installsThemAmongOtherStatements(String mode) throws SQLException {
    try (Connection connection = database.connect(mode);
        Statement statement = connection.createStatement()) {
      boolean rows =
          statement.execute(
              "SELECT 1; "
                  + CREATE
                  + "; CREATE TEMPORARY TABLE among (n int); INSERT INTO among VALUES (1), (2);"
                  + " SELECT count(*) FROM among");

      assertThat(rows).isTrue();
      assertThat(Queries.rows(statement.getResultSet())).containsExactly("1");
      for (int count : new int[] {0, 0, 2}) {
        assertThat(statement.getMoreResults()).isFalse();
        assertThat(statement.getUpdateCount()).isEqualTo(count);
      }
      assertThat(statement.getMoreResults()).isTrue();
      assertThat(Queries.rows(statement.getResultSet())).containsExactly("2");
      assertThat(call(connection)).isEqualTo("1");
    }
  }

  @Test
  void refusesToInstallThemTwiceAsPostgresqlDoes() throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(connection, CREATE);

      assertThat(Queries.error(connection, "CREATE EXTENSION aws_lambda"))
          .satisfies(
              error -> {
                assertThat(error.getSQLState()).isEqualTo("42710");
                assertThat(error.getMessage()).isEqualTo("extension \"aws_lambda\" already exists");
                assertThat(error.getWhere()).isNull();
              });
      assertThat(call(connection)).isEqualTo("1");
    }
  }

  @Test
  void removesThemWithAllTheyBrought() throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(
          connection, CREATE, "CREATE TABLE arns (arn aws_commons._lambda_function_arn_1)");
      assertThat(Queries.error(connection, "DROP EXTENSION aws_commons").getSQLState())
          .isEqualTo("2BP01");

      Queries.execute(connection, "DROP EXTENSION aws_commons CASCADE");

      assertThat(Queries.row(connection, INSTALLED)).isEqualTo("NULL");
      assertThat(Queries.row(connection, NAMESPACES)).isEqualTo("0");
      Queries.execute(connection, "DROP TABLE arns", CREATE);
      assertThat(call(connection)).isEqualTo("1");
    }
  }
}
