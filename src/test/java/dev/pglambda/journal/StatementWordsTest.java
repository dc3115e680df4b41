package dev.pglambda.journal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatementWordsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      value = {
        "INSERT INTO orders (item) VALUES ('x') ~ INSERT INTO orders ..",
        "COMMIT ~ COMMIT",
        "SELECT aws_lambda.invoke('f', '{}') ~ SELECT aws_lambda.invoke ..",
        "UPDATE accounts SET pin = 1234 ~ UPDATE accounts SET pin ..",
        "SELECT 1 ~ SELECT ..",
        "SELECT $$x$$ ~ SELECT ..",
        "/* app */ /* b */ DELETE FROM \"a b\" ~ DELETE FROM \"a b\"",
        "/*x ~ ''",
      })
  void tellWhatAStatementDoesAndNoValue(String statement, String words) {
    assertThat(StatementWords.of(statement)).isEqualTo(words);
  }

  @Test
  void stayOnOneLineBehindCommentsToTheirEnd() {
    assertThat(StatementWords.of("-- first\n  INSERT\n\tINTO t")).isEqualTo("INSERT INTO t");
  }

  @Test
  void areFoundInTimeInWhatIsMadeToBeSlow() {
    assertThat(StatementWords.of("/**/".repeat(100_000))).isEmpty();
    assertThat(StatementWords.of("/*".repeat(100_000))).isEmpty();
    assertThat(StatementWords.of("a".repeat(100_000))).hasSize(100_000);
  }
}
