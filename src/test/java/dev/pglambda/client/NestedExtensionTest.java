package dev.pglambda.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.PostgresServer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLWarning;

/** Extension statements within functions: where the functions go, and who calls them. */
@ParameterizedClass
@MethodSource("dev.pglambda.client.LambdaDatabase#ofEachVersion")
class NestedExtensionTest {
  private static final String FUNCTION =
      """
      CREATE OR REPLACE FUNCTION install() RETURNS void LANGUAGE plpgsql AS $f$
      BEGIN
        EXECUTE 'CREATE EXTENSION IF NOT EXISTS aws_commons VERSION ''1.2''';
        CREATE EXTENSION IF NOT EXISTS aws_lambda
          VERSION '1.0';
        CREATE EXTENSION IF NOT EXISTS aws_lambda;
      END $f$""";

  private static final String DEFINITION = "SELECT pg_get_functiondef('install()'::regprocedure)";
  private static final String SOURCE = "SELECT prosrc FROM pg_proc WHERE proname = 'install'";
  private static final String INSTALLED =
      "SELECT string_agg(extname || ' ' || extversion, ', ' ORDER BY extname) FROM pg_extension"
          + " WHERE extname LIKE 'aws%'";
  private static final String BOTH = "aws_commons 1.2, aws_lambda 1.0";

  private final LambdaDatabase database;

  NestedExtensionTest(LambdaDatabase database) {
    this.database = database;
  }

  private String definition() throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(connection, FUNCTION);
      return Queries.row(connection, DEFINITION);
    }
  }

  /** Installs, and the second statement tells that it need not. */
  private static void assertInstalls(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT install()");
      assertThat(String.valueOf(statement.getWarnings().getMessage()))
          .isEqualTo("extension \"aws_lambda\" already exists, skipping");
    }
    assertThat(Queries.row(connection, INSTALLED)).isEqualTo(BOTH);
  }

  @Test
  void worksAsItIsDumpedAndRestored() throws SQLException {
    String definition = definition();
    String restored = database.postgres().createDatabase();

    try (Connection connection = database.proxy().connect(restored)) {
      Queries.execute(connection, definition);
      assertThat(Queries.row(connection, DEFINITION)).isEqualTo(definition);
      assertInstalls(connection);
    }
  }

  @Test
  void worksInASessionThatDoesNotComeThroughTheProxy() throws SQLException {
    String definition = definition();
    String restored = database.postgres().createDatabase();

    try (Connection connection = database.postgres().connect(restored)) {
      Queries.execute(connection, definition);
      assertInstalls(connection);
    }
  }

  @Test
  void worksOnAServerThatHasTheFiles() throws SQLException {
    String definition = definition();
    PostgresServer withFiles = PostgresServer.of(database.version(), true);

    try (Connection connection = withFiles.connect(withFiles.createDatabase())) {
      Queries.execute(connection, definition);
      assertInstalls(connection);
    }
  }

  @Test
  void keepsTheLinesOfTheBody() throws SQLException {
    definition();

    try (Connection connection = database.connect()) {
      assertThat(Queries.row(connection, SOURCE).lines()).hasSize(7).last().isEqualTo("END ");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "preferQueryMode=simple",
        "preferQueryMode=extended",
        "preferQueryMode=extendedCacheEverything",
        "prepareThreshold=-1",
      })
  void tellsTheSameEachTime(String mode) throws SQLException {
    definition();

    try (Connection connection = database.connect(mode);
        PreparedStatement call = connection.prepareStatement("SELECT install()");
        PreparedStatement block =
            connection.prepareStatement(
                "DO $$ BEGIN\nCREATE EXTENSION IF NOT EXISTS aws_lambda; END $$")) {
      call.execute();
      call.clearWarnings();
      for (int i = 0; i < 6; i++) {
        call.execute();
        SQLWarning second = call.getWarnings().getNextWarning();
        assertThat(context(second))
            .isEqualTo(
                "SQL statement \"CREATE EXTENSION IF NOT EXISTS aws_lambda\n    VERSION '1.0'\"\n"
                    + "PL/pgSQL function install() line 4 at SQL statement");
        call.clearWarnings();

        assertThat(block.executeUpdate()).isZero();
        assertThat(context(block.getWarnings()))
            .isEqualTo(
                "SQL statement \"CREATE EXTENSION IF NOT EXISTS aws_lambda\"\n"
                    + "PL/pgSQL function inline_code_block line 2 at SQL statement");
        block.clearWarnings();
      }
    }
  }

  private static String context(SQLWarning warning) {
    return String.valueOf(((PSQLWarning) warning).getServerErrorMessage().getWhere());
  }
}
