package dev.pglambda.client.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Nobody who makes the server show its plans finds a key in them. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofEachVersion")
class SecretKeysInPlansTest extends SecretKeysStage {
  private static final String GREET = "SELECT used.greet()";

  SecretKeysInPlansTest(LambdaDatabase database) throws SQLException {
    super(database);
  }

  /** Begins a transaction in which the server shows its plans. */
  private static StringBuilder begun(WireClient client) throws IOException {
    answer(client.query(VERBOSE));
    answer(client.query("BEGIN"));
    return new StringBuilder();
  }

  /** What the server shows of statements that are rolled back then. */
  private static String rolledBack(WireClient client, String... statements) throws IOException {
    StringBuilder shown = new StringBuilder();
    answer(client.query("SAVEPOINT a"));
    for (String statement : statements) {
      shown.append(answer(client.query(statement)));
    }
    answer(client.query("ROLLBACK TO a"));
    return shown.toString();
  }

  @Test
  void areNotInThePlansThatAFunctionsCallerCanSee() throws Exception {
    try (WireClient client = client()) {
      client.query(VERBOSE);
      answer(client);

      String shown = answer(client.query(GREET));

      assertThat(shown).contains("DataRow[\"hello\"]").contains(":constvalue");
      assertNoKeyIn(shown);
    }
  }

  /** What the caller can set off in the midst of a call, so that plpgsql plans anew. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SET pglambda.callback = '127.0.0.1|1|x|0000'",
        "SELECT set_config('pglambda.callback', repeat('|', 999), false)",
        "SELECT set_config('pglambda.callback', repeat('x', 500000), false)",
        "SET pglambda.callback = '?x|y|z|0'",
        "SET pglambda.nonce = 'x'",
        "SELECT set_config('pglambda.nonce', repeat('x', 500000), false)",
        "SET aws_lambda.request_timeout_ms = 'x'",
        "SET statement_timeout = 1",
        "SET statement_timeout = 5",
        "SET temp_file_limit = 0",
        "SET plan_cache_mode = force_custom_plan",
        "SET search_path = pglambda, used",
      })
  void areNotInThePlansOfACallThatComesAfterAnError(String setting) throws Exception {
    try (WireClient client = client()) {
      StringBuilder shown = begun(client);
      for (int i = 0; i < 3; i++) {
        shown.append(rolledBack(client, setting, GREET, GREET)).append(answer(client.query(GREET)));
      }

      assertThat(shown).contains("DataRow[\"hello\"]").contains(":constvalue");
      assertNoKeyIn(shown.toString());
    }
  }

  /** Only there can a parameter hold what is not a text. */
  @Test
  void areNotInThePlansOfADatabaseInSqlAscii() throws Exception {
    String name = database.name() + "_ascii_" + System.nanoTime();
    Queries.execute(
        superuser,
        "CREATE DATABASE %s ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
            .formatted(name));
    try (Connection there = database.proxy().connect(name)) {
      Queries.execute(
          there,
          "CREATE EXTENSION aws_lambda CASCADE",
          "CREATE FUNCTION greet() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
              + " RETURN (SELECT payload FROM aws_lambda.invoke('hello', '1'::json)); END $$");
      rememberKeys(there);
    }
    try (WireClient client = client(name)) {
      StringBuilder shown = begun(client);
      for (String bytes : List.of("x\\xff", "a|1|\\xc3|0", "\\x80|1|a|0")) {
        for (String parameter : List.of("callback", "nonce")) {
          for (int i = 0; i < 3; i++) {
            String setting =
                "SELECT set_config('pglambda.%s', E'%s', false)".formatted(parameter, bytes);
            shown.append(rolledBack(client, setting, "SELECT greet()"));
          }
        }
      }
      shown.append(answer(client.query("SELECT greet()")));

      assertThat(shown).contains("DataRow[\"hello\"]").contains(":constvalue");
      assertNoKeyIn(shown.toString());
    }
    Queries.execute(superuser, "DROP DATABASE " + name);
  }

  /** The link cannot be opened: its connection string has the password. */
  @Test
  void areNotInThePlansOfALinkThatCannotBeOpened() throws Exception {
    Queries.execute(superuser, "UPDATE pglambda.settings SET host = 'no.such.host.invalid'");
    try (WireClient client =
        WireClient.connect(
            database.postgres().host(), database.postgres().port(), ROLE, database.name(), null)) {
      StringBuilder shown = begun(client);
      for (int i = 0; i < 3; i++) {
        shown.append(rolledBack(client, GREET));
      }

      assertThat(shown).contains("C=08001").contains(":constvalue");
      assertNoKeyIn(shown.toString());
    } finally {
      Queries.execute(superuser, "UPDATE pglambda.settings SET host = '127.0.0.1'");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"json", "text"})
  void areNotInThePlansThatAutoExplainShows(String format) throws Exception {
    for (String setting :
        List.of(
            "session_preload_libraries = auto_explain",
            "auto_explain.log_min_duration = 0",
            "auto_explain.log_nested_statements = on",
            "auto_explain.log_analyze = on",
            "auto_explain.log_verbose = on",
            "auto_explain.log_triggers = on",
            "auto_explain.log_format = " + format)) {
      Queries.execute(superuser, "ALTER ROLE " + ROLE + " SET " + setting);
    }
    try (WireClient client = client()) {
      StringBuilder shown = begun(client);
      for (String parameter : List.of("0", "?x|y|z|0", "x")) {
        String setting = "SET pglambda.callback = '" + parameter + "'";
        shown.append(rolledBack(client, setting, GREET)).append(answer(client.query(GREET)));
      }

      assertThat(shown).contains("DataRow[\"hello\"]").contains("pglambda.settings");
      assertNoKeyIn(shown.toString());
    }
  }
}
