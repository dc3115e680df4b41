package dev.pglambda.direct.plan;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.intercept.Rewrite.FoundCalls;
import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.sql.SqlText;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DirectTextTest {
  private static final String CALL = "SELECT * FROM aws_lambda.invoke($1, ('{}')::json, 'x')";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT 1",
        "SELECT 1; SELECT (SELECT payload FROM aws_lambda.invoke('f', '{}'::json))",
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json); DO $$ $$;"
            + " SELECT 1 + (aws_lambda.invoke('f', '{}'::json)).status_code",
        "COPY t TO STDOUT; SELECT * FROM aws_lambda.invoke('f', '{}'::json)",
        "SELECT * FROM aws_lambda.invoke($60001, '{}'::json)"
      })
  void leavesOutATextWithWhatCannotBeServed(String text) {
    assertThat(script(text, ClientEncoding.UTF8)).isNull();
  }

  /** What stands before it is not sent with it: there may be a thousand. */
  @Test
  void hasEachStatementAloneAndKnowsItsPlaceInCharacters() {
    String text = latin1("SELECT 'ä€'; " + CALL + "; INSERT INTO t VALUES ('é')");

    DirectText script = requireNonNull(script(text, ClientEncoding.UTF8));

    assertThat(script.size()).isEqualTo(3);
    assertThat(script.candidate(0, 0)).isNull();
    assertThat(script.statement(1)).isEqualTo(CALL);
    assertThat(script.charactersBefore(1)).isEqualTo("SELECT 'ä€'; ".length());
    assertThat(script.charactersBefore(2)).isEqualTo((CALL + "; ").length());
    assertThat(requireNonNull(script.candidate(1, 13)).text()).hasToString(CALL);
    assertThat(script.sendsLate(1)).isFalse();
    assertThat(script.sendsLate(2)).isTrue();
  }

  /** Else EXPLAIN could not go before it. */
  @Test
  void takesAnOnlyStatementOutFromBehindASemicolon() {
    DirectText script = requireNonNull(script("; " + CALL, ClientEncoding.UTF8));

    assertThat(requireNonNull(script.onlyCandidate()).text()).hasToString(CALL);
    assertThat(requireNonNull(script.onlyCandidate()).before()).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SET x = 1; # | true",
        "SET LOCAL x = 1; # | false",
        "SET TRANSACTION READ ONLY; # | false",
        "CREATE TABLE d (a int); # | true",
        "CREATE TABLE \"database\" (a int); # | true",
        "CREATE DATABASE d; # | false",
        "DROP INDEX CONCURRENTLY i; # | false",
        "CALL p(); # | false",
        "DO $$BEGIN PERFORM 1; END$$; # | true",
        "DO $$BEGIN Commit; END$$; # | false",
        "#; ROLLBACK PREPARED 'x' | false",
        "LOCK TABLE t; # | false",
        "#; VACUUM | false",
        "BEGIN; LOCK TABLE t; # | true",
        "START TRANSACTION; SAVEPOINT a; #; ROLLBACK TO a; DECLARE c CURSOR FOR TABLE t | true",
        "BEGIN; #; COMMIT; LOCK TABLE t | false",
        "LOCK_ (); # | true"
      })
  void isDividedIfNoStatementNeedsTheOthers(String text, boolean divisible) {
    DirectText script = requireNonNull(script(text.replace("#", CALL), ClientEncoding.UTF8));

    assertThat(script.isDivisible(false)).isEqualTo(divisible);
    assertThat(script.isDivisible(true)).isEqualTo(divisible || !text.contains("COMMIT"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "TABLE t | false",
        "DELETE FROM t RETURNING n | true",
        "EXPLAIN SELECT 1 | true",
        "WITH w AS (SELECT 1) SELECT * FROM w FOR NO KEY UPDATE | false",
        "WITH w AS (DELETE FROM t RETURNING n) SELECT * FROM w | true"
      })
  void knowsWhatSendsItsRowsLate(String statement, boolean late) {
    DirectText script = requireNonNull(script(statement + "; " + CALL, ClientEncoding.UTF8));

    assertThat(script.sendsLate(0)).isEqualTo(late);
  }

  @Test
  void asksForTheTypesOfTheArgumentsAtTheirPlaces() {
    String text = latin1("SELECT 'ä€' FROM /* ü */ aws_lambda.invoke($1, payload => ('{}')::json)");
    DirectText script =
        requireNonNull(script(latin1("INSERT INTO t ") + text, ClientEncoding.UTF8));
    DirectAnalysis analysis =
        new DirectAnalysis(
            requireNonNull(script.onlyCandidate()),
            new InstalledSchemas(false, false, true),
            List.of());

    String query = requireNonNull(analysis.argumentTypesQuery());

    String whole = "INSERT INTO t SELECT 'ä€' FROM /* ü */ aws_lambda.invoke($1, payload => ";
    assertThat(query).startsWith("SELECT ").contains("$1,");
    assertThat(query.indexOf("$1")).isEqualTo(whole.indexOf("$1"));
    assertThat(query).endsWith("('{}')::json").hasSize(whole.length() + "('{}')::json".length());
  }

  /** PostgreSQL has no such parameter, and says so when the query is described. */
  @Test
  void asksForTheTypeOfAParameterThatCannotBe() {
    DirectText script =
        requireNonNull(
            script("SELECT * FROM aws_lambda.invoke($0, '{}'::json)", ClientEncoding.UTF8));
    DirectAnalysis analysis =
        new DirectAnalysis(
            requireNonNull(script.onlyCandidate()),
            new InstalledSchemas(false, false, true),
            List.of());

    assertThat(analysis.argumentTypesQuery()).contains("$0,");
  }

  private static @Nullable DirectText script(String text, ClientEncoding encoding) {
    return DirectText.of(new FoundCalls(new SqlText(text, true), encoding));
  }

  private static String latin1(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }
}
