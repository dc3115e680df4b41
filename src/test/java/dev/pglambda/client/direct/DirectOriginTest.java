package dev.pglambda.client.direct;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is known of where a call comes from that the proxy serves itself. */
class DirectOriginTest {
  private static final String CALL = "SELECT payload FROM aws_lambda.invoke('echo', '1'::json)";

  private static LambdaDatabase database() {
    String newest = LambdaDatabase.oldestAndNewestVersion().reduce((old, next) -> next).get();
    LambdaDatabase database = LambdaDatabase.withoutExtension(newest);
    database.lambda().on("echo", Reply.echo());
    return database;
  }

  @ParameterizedTest
  @ValueSource(strings = {"simple", "extended"})
  void isWhatTheSessionHasToldAndTheStatement(String mode) throws SQLException {
    String sql = CALL + " /* \u00e4 \u20ac */";
    try (LambdaDatabase database = database();
        Connection connection = database.connect("ApplicationName=shop&preferQueryMode=" + mode)) {
      String process = Queries.row(connection, "SELECT pg_backend_pid()");

      Queries.row(connection, sql);

      CallOrigin origin = database.proxy().lastCall().origin();
      assertThat(origin)
          .isEqualTo(
              new CallOrigin(
                  origin.client(),
                  database.name(),
                  database.postgres().user(),
                  "shop",
                  Integer.valueOf(process),
                  sql,
                  null,
                  null));
      assertThat(String.valueOf(origin.client())).startsWith("/127.0.0.1:");
    }
  }

  @Test
  void namesADatabaseWithItsCharacters() throws SQLException {
    String name = "origin_\u00e4_\u20ac";
    try (LambdaDatabase database = database()) {
      database.postgres().execute("CREATE DATABASE \"" + name + "\"");
      try (Connection connection = database.proxy().connect("origin_%C3%A4_%E2%82%AC")) {
        Queries.row(connection, CALL);

        assertThat(database.proxy().lastCall().origin().database()).isEqualTo(name);
      } finally {
        database.postgres().execute("DROP DATABASE \"" + name + "\"");
      }
    }
  }

  @Test
  void followsWhatTheSessionSets() throws SQLException {
    try (LambdaDatabase database = database();
        Connection connection = database.connect()) {
      Queries.execute(connection, "SET application_name TO 'other'");

      Queries.row(connection, CALL + " /*" + "x".repeat(20_000) + "end*/");

      CallOrigin origin = database.proxy().lastCall().origin();
      assertThat(origin.applicationName()).isEqualTo("other");
      assertThat(origin.statement()).hasSize(8005).contains("x ... x").endsWith("xend*/");
    }
  }
}
