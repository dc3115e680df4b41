package dev.pglambda.lambda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** To which trace a call belongs. */
class TraceContextTest {
  private static final String PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  private static final String HEADER =
      "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1";

  private static @Nullable String header(@Nullable String statement, @Nullable String name) {
    return TraceContext.header(new CallOrigin(null, null, null, name, null, statement, null, null));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "INSERT INTO t VALUES (1) /*traceparent='%s'*/",
        "INSERT INTO t VALUES (1) /*application='a',db_driver='x',traceparent='%s',z='1'*/ ; ",
        "INSERT INTO t VALUES (1)\n/*traceparent=%%27%s%%27,tracestate='a%%3D1'*/;",
        "/* traceparent='%s' */ INSERT INTO t VALUES (1)",
        "  /*traceparent=%s*/INSERT INTO t VALUES ('*/')",
        "/*traceparent='%s'*/ INSERT INTO t VALUES (1) /*action='pay'*/",
        "INSERT INTO t VALUES ('/*') /*traceparent='%s'*/"
      })
  void isThatOfTheCommentThatBeginsOrEndsTheStatement(String statement) {
    assertThat(header(statement.formatted(PARENT), null)).isEqualTo(HEADER);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "INSERT INTO t VALUES ('/*traceparent=%s*/')",
        "INSERT INTO t /*traceparent='%s'*/ VALUES (1)",
        "INSERT INTO t VALUES (1) -- traceparent='%s'",
        "/*traceparent='%s'",
        "/*comment*/ INSERT INTO traceparent='%s' VALUES (1) /*comment*/"
      })
  void isNotThatOfAnythingElseInTheStatement(String statement) {
    assertThat(header(statement.formatted(PARENT), null)).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00, 0",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01, 1",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03, 1",
    "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-brings, 1"
  })
  void isSampledIfTheFlagSaysSo(String parent, int sampled) {
    assertThat(header("SELECT 1 /*traceparent='" + parent + "'*/", null))
        .isEqualTo(HEADER.replace("Sampled=1", "Sampled=" + sampled));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-011",
        "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
      })
  void isNoneIfItIsNotValid(String parent) {
    assertThat(header("SELECT 1 /*traceparent='" + parent + "'*/", null)).isNull();
    assertThat(header(null, parent)).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {PARENT, "traceparent=" + PARENT})
  void isThatOfTheApplicationNameIfTheStatementHasNone(String name) {
    assertThat(header("SELECT 1 /*traceparent='no'*/", name)).isEqualTo(HEADER);
    assertThat(header(null, name)).isEqualTo(HEADER);
    assertThat(header("/*traceparent='" + PARENT.replace("-01", "-00") + "'*/ SELECT 1", name))
        .endsWith("Sampled=0");
  }

  @Test
  void isFoundAtOnceBeforeAnyNumberOfSemicolons() {
    String statement = "SELECT 1 /*traceparent='" + PARENT + "'*/" + "; ".repeat(500_000);

    assertTimeout(
        Duration.ofSeconds(5), () -> assertThat(header(statement, null)).isEqualTo(HEADER));
  }

  @Test
  void isNoneOfACallThatTellsNothing() {
    assertThat(header(null, null)).isNull();
    assertThat(header("SELECT 1", "my app")).isNull();
  }
}
