package dev.pglambda.client.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.util.PSQLWarning;
import org.postgresql.util.ServerErrorMessage;

/**
 * A trusted role that may create schemas in the database, and no more, installs, uses and drops the
 * extensions.
 */
class PlainRoleTest {
  private static final String ROLE = "plain_role";
  private static final String INSTALL = "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE";
  private static final String CALL =
      "SELECT status_code FROM aws_lambda.invoke('f', '{\"a\": 1}'::json)";

  private @Nullable LambdaDatabase used;

  static Stream<LambdaDatabase> databases() {
    return PostgresServer.versions().stream()
        .map(version -> LambdaDatabase.withoutExtension(version, "--trusted-roles", ROLE));
  }

  private void prepare(LambdaDatabase database) throws SQLException {
    used = database;
    database.lambda().on("f", Reply.echo());
    superuser(
        database,
        "CREATE ROLE " + ROLE + " LOGIN",
        "GRANT CREATE ON DATABASE " + database.name() + " TO " + ROLE);
  }

  @AfterEach
  void drop() throws SQLException {
    if (used != null) {
      used.postgres().execute("DROP DATABASE " + used.name(), "DROP ROLE " + ROLE);
    }
  }

  @ParameterizedTest
  @MethodSource("databases")
  void isToldInANoticeThatTheCatalogHasNoEntry(LambdaDatabase database) throws SQLException {
    prepare(database);
    try (Connection connection = database.connectAs(ROLE)) {
      // When
      List<ServerErrorMessage> notices = new ArrayList<>();
      try (Statement statement = connection.createStatement()) {
        statement.execute(INSTALL);
        for (SQLWarning next = statement.getWarnings();
            next != null;
            next = next.getNextWarning()) {
          notices.add(((PSQLWarning) next).getServerErrorMessage());
        }
      }

      // Then
      assertThat(notices)
          .extracting(ServerErrorMessage::getMessage)
          .containsExactly(
              "installing required extension \"aws_commons\"",
              "extension \"aws_lambda\" is installed, but not listed in pg_extension");
      assertThat(notices.get(1).getDetail()).isEqualTo("Only a superuser can write that entry.");
      assertThat(
              Queries.row(
                  connection, "SELECT count(*) FROM pg_extension WHERE extname LIKE 'aws%'"))
          .isEqualTo("0");
    }
  }

  @ParameterizedTest
  @MethodSource("databases")
  void isToldByACallThatDblinkIsMissingUntilItIsThere(LambdaDatabase database) throws SQLException {
    prepare(database);
    try (Connection connection = database.connectAs(ROLE)) {
      // Given
      Queries.execute(connection, INSTALL);

      // When
      ServerErrorMessage error = Queries.error(connection, CALL);

      // Then
      assertThat(error.getSQLState()).isEqualTo("42704");
      assertThat(error.getMessage()).isEqualTo("required extension \"dblink\" is not installed");
      assertThat(error.getHint()).contains("ALTER EXTENSION aws_lambda UPDATE");

      // When
      superuser(database, "CREATE EXTENSION dblink");
      Queries.execute(connection, "ALTER EXTENSION aws_lambda UPDATE");

      // Then
      assertThat(Queries.row(connection, CALL)).isEqualTo("200");
    }
  }

  @ParameterizedTest
  @MethodSource("databases")
  void dropsWhatItInstalledAndCanInstallItAnew(LambdaDatabase database) throws SQLException {
    prepare(database);
    superuser(database, "CREATE EXTENSION dblink");
    try (Connection connection = database.connectAs(ROLE)) {
      // Given
      Queries.execute(connection, INSTALL);
      assertThat(Queries.row(connection, CALL)).isEqualTo("200");

      // When
      Queries.execute(connection, "DROP EXTENSION aws_lambda, aws_commons");

      // Then
      assertThat(Queries.error(connection, CALL).getMessage())
          .isEqualTo("schema \"aws_lambda\" does not exist");
      assertThat(
              Queries.row(
                  connection,
                  "SELECT count(*) FROM pg_namespace WHERE nspowner = '" + ROLE + "'::regrole"))
          .isEqualTo("0");

      // When
      Queries.execute(connection, INSTALL);

      // Then
      assertThat(Queries.row(connection, CALL)).isEqualTo("200");
    }
  }

  @ParameterizedTest
  @MethodSource("databases")
  void leavesTheExtensionToASuperuserWhoWantsAnEntryForIt(LambdaDatabase database)
      throws SQLException {
    prepare(database);
    try (Connection connection = database.connectAs(ROLE)) {
      Queries.execute(connection, INSTALL);
    }
    try (Connection connection = database.connect()) {
      // When
      Queries.execute(
          connection, "DROP EXTENSION aws_lambda, aws_commons", "CREATE EXTENSION aws_commons");

      // Then
      assertThat(
              Queries.row(connection, "SELECT extname FROM pg_extension WHERE extname LIKE 'aws%'"))
          .isEqualTo("aws_commons");
      Queries.execute(connection, "CREATE EXTENSION aws_lambda");
      assertThat(Queries.row(connection, CALL)).isEqualTo("200");
    }
  }

  private static void superuser(LambdaDatabase database, String... statements) throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(connection, statements);
    }
  }
}
