package dev.pglambda.client.install;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.Queries;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLWarning;

/** Extension statements within functions: where the functions go, and who calls them. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofEachVersion")
class NestedExtensionTest {
  private static final String FUNCTION =
      """
      CREATE OR REPLACE FUNCTION install() RETURNS void LANGUAGE plpgsql AS $f$
      BEGIN
        EXECUTE 'CREATE EXTENSION IF NOT EXISTS aws_commons VERSION ''1.2''';
        CREATE EXTENSION IF NOT EXISTS aws_lambda
          VERSION '1.0';
        CREATE EXTENSION IF NOT EXISTS aws_lambda;
      END $f$\
      """;

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

  /** Ends the quotes of what stands for a statement, if it is put there as it is. */
  private static final String BREAKING_OUT =
      "$pglambda$; BEGIN CREATE TABLE broken_out (); END $pglambda_do$; --";

  static Stream<String> namesAndConstantsThatAreNoCode() {
    String name = "CREATE EXTENSION aws_lambda SCHEMA \"" + BREAKING_OUT + "\"\n;";
    String comment = "CREATE EXTENSION aws_lambda /* " + BREAKING_OUT + "\n */;";
    String version = "CREATE EXTENSION aws_lambda VERSION \"" + BREAKING_OUT + "\"\n;";
    return Stream.of(name, comment, version)
        .map(statement -> "BEGIN\n" + statement + "\nEND")
        .flatMap(
            body ->
                Stream.of(
                    "DO $$" + body + "$$",
                    "DO '" + body + "'",
                    "DO E'" + body + "'",
                    escaped(body, "\\x24"),
                    escaped(body, "\\44"),
                    escaped(body, "\\044"),
                    escaped(body, "\\444"),
                    escaped(body, "\\u0024"),
                    escaped(body, "\\U00000024"),
                    "DO U&'" + body.replace("$", "\\0024") + "'",
                    "DO $a$BEGIN EXECUTE "
                        + escaped(statementOf(body), "\\x24").substring("DO ".length())
                        + "; END$a$",
                    "DO $a$BEGIN " + escaped(body, "\\x24") + "; END$a$",
                    "DO 'BEGIN " + escaped(body, "\\x24").replace("'", "''") + "; END'",
                    "DO E'BEGIN "
                        + escaped(body, "\\x24").replace("\\", "\\\\").replace("'", "\\'")
                        + "; END'"));
  }

  private static String statementOf(String body) {
    return body.substring("BEGIN\n".length(), body.lastIndexOf("\nEND"));
  }

  private static String escaped(String body, String dollar) {
    return "DO E'" + body.replace("$", dollar) + "'";
  }

  /** Whether it is an error, or only a comment behind the statement. */
  @ParameterizedTest
  @MethodSource("namesAndConstantsThatAreNoCode")
  void aNameNeverBecomesCode(String statement) throws SQLException {
    try (Connection connection = database.connect("preferQueryMode=simple")) {
      Queries.execute(connection, "DROP EXTENSION IF EXISTS aws_lambda");
      try {
        Queries.execute(connection, statement);
      } catch (PSQLException e) {
        assertThat(e.getSQLState()).isIn("0A000", "58P01", "42601");
      }
      assertThat(Queries.row(connection, "SELECT to_regclass('broken_out')")).isEqualTo("NULL");
    }
  }

  /** An octal escape of three digits is taken modulo 256 (scan.l): this is a quotation mark. */
  @Test
  void aConstantStaysAConstant() throws SQLException {
    String raise =
        "DO E'BEGIN RAISE EXCEPTION \\447%\\447, \\447; CREATE EXTENSION aws_lambda;\\447; END'";
    try (Connection connection = database.connect("preferQueryMode=simple")) {
      assertThat(Queries.error(connection, raise).getMessage())
          .isEqualTo("; CREATE EXTENSION aws_lambda;");
    }
  }

  /** The digit of an escape that stands before the statement must not get another one. */
  @Test
  void anEscapeBeforeAStatementStaysAsItIs() throws SQLException {
    String block = "DO E'BEGIN\\xA\\x43REATE EXTENSION IF NOT EXISTS aws_lambda; END'";
    try (Connection connection = database.connect("preferQueryMode=simple")) {
      Queries.execute(connection, "DROP EXTENSION IF EXISTS aws_lambda");
      assertThat(Queries.error(connection, block).getMessage()).contains("aws_lambda");
      Queries.execute(connection, block.replace("\\xA", "\\n"));
    }
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
      SQLWarning notice = statement.getWarnings();
      while (notice.getSQLState().equals("ZL001")) { // for the proxy, where there is one
        notice = notice.getNextWarning();
      }
      assertThat(String.valueOf(notice.getMessage()))
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
