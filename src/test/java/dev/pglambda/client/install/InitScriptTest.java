package dev.pglambda.client.install;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Psql;
import dev.pglambda.testing.Psql.Output;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.util.ServerErrorMessage;

/**
 * A server that has the extension's files, on which psql runs docker/extension/init.sql before
 * there is a proxy.
 */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#oldestAndNewestVersion")
class InitScriptTest {
  private static final String ORDER =
      "INSERT INTO orders VALUES (1, '[{\"quantity\": 2, \"cents\": 450}]') RETURNING cents";
  private static final String ROLE = "init_script_clerk";

  private final LambdaDatabase database;

  InitScriptTest(String version) {
    database = LambdaDatabase.withControlFiles(version);
  }

  @BeforeEach
  void runTheScript() throws Exception {
    database.lambda().on("order-total", Reply.json("{\"cents\": 900}"));
    Output output =
        Psql.directly(database)
            .with("--set=ON_ERROR_STOP=1")
            .run(Files.readString(Path.of("docker", "extension", "init.sql")));
    assertThat(output.exitCode()).as(output.text()).isZero();
    assertThat(output.text()).contains("CREATE EXTENSION").contains("CREATE TRIGGER");
  }

  @AfterEach
  void close() {
    database.close();
  }

  private ServerErrorMessage refusal(Connection connection) throws SQLException {
    ServerErrorMessage refusal = Queries.error(connection, ORDER);
    assertThat(refusal.getSQLState()).isEqualTo("55000");
    assertThat(refusal.getMessage())
        .isEqualTo("aws_lambda does not have the keys of pg-lambda-proxy");
    return refusal;
  }

  @Test
  void callsWorkWhenCreateExtensionHasComeThroughTheProxy() throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(connection, "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE");

      assertThat(Queries.row(connection, ORDER)).isEqualTo("900");
    }
  }

  @Test
  void theFirstCallOfASuperuserFailsAndHasTheKeysStored() throws SQLException {
    try (Connection connection = database.connect()) {
      assertThat(refusal(connection).getHint()).contains("call again");
      assertThat((Object) connection.getWarnings()).isNull();

      assertThat(Queries.row(connection, ORDER)).isEqualTo("900");
    }
    try (Connection past = database.connectDirectly()) {
      Queries.execute(past, "TRUNCATE orders");

      assertThat(Queries.row(past, ORDER)).isEqualTo("900");
    }
  }

  @Test
  void noCallOfAnotherRoleHasThemStored() throws SQLException {
    try (Connection superuser = database.connectDirectly()) {
      Queries.execute(
          superuser,
          "CREATE ROLE " + ROLE + " LOGIN",
          "GRANT ALL ON orders TO " + ROLE,
          "GRANT USAGE ON SCHEMA aws_lambda TO " + ROLE,
          "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_lambda TO " + ROLE);
      try (Connection clerk = database.connectAs(ROLE)) {
        refusal(clerk);
        refusal(clerk);
      }

      assertThat(Queries.row(superuser, "SELECT count(*) FROM pglambda.settings")).isEqualTo("0");
      Queries.execute(superuser, "DROP OWNED BY " + ROLE, "DROP ROLE " + ROLE);
    }
  }
}
