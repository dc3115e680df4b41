package dev.pglambda.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.direct.recognize.DirectStatements;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SqlTextTest {
  private static final String TEXT =
      "DO 'BEGIN CREATE EXTENSION aws_lambda; END'; SELECT aws_lambda.invoke('f', '{}'::json)";

  @Test
  void findsWhatIsInItOnce() {
    CountingText counting = new CountingText(TEXT);
    SqlText text = new SqlText(counting, true);
    List<Statement> statements = text.statements();
    List<ExtensionCall> calls = text.calls();
    assertThat(text.bodies()).hasSize(1);
    long reads = counting.reads();

    assertThat(text.statements()).isSameAs(statements).hasSize(2);
    assertThat(text.calls()).isSameAs(calls).hasSize(1);
    assertThat(text.bodies()).hasSize(1);
    assertThat(counting.reads()).isEqualTo(reads);
  }

  /** All that looks for something in a text, one after the other. */
  @Test
  void isReadABoundedNumberOfTimesByAllThatLookAtIt() {
    CountingText counting = new CountingText(TEXT.concat("; ").repeat(1_000));
    SqlText text = new SqlText(counting, true);

    ExtensionStatements.find(text);
    assertThat(NestedStatement.find(text)).hasSize(1_000);
    ViewReferences.find(text);
    AmbiguousCalls.find(text, number -> true);
    assertThat(DirectStatements.find(text)).hasSize(1_000);

    assertThat(counting.reads()).isLessThan(60L * text.length());
  }

  @Test
  void isKeptWithoutItsBodies() {
    SqlText text = new SqlText(TEXT, true);
    List<ExtensionCall> calls = text.calls();

    SqlText kept = text.withoutBodies();

    assertThat(kept.calls()).isSameAs(calls);
    assertThat(kept).hasToString(TEXT);
    assertThat(kept.bodies()).hasSameSizeAs(text.bodies()).isNotSameAs(text.bodies());
  }

  @Test
  void knowsItsSettingInAllParts() {
    SqlText text = new SqlText("SELECT '\\'; x'", false);

    assertThat(text.statements()).hasSize(1);
    assertThat(text.with("SELECT '\\'; x'").isComplete()).isTrue();
    assertThat(new SqlText("SELECT '\\'; x'", true).isComplete()).isFalse();
    assertThat(new SqlText("", true).isComplete()).isFalse();
  }

  @Test
  void knowsTheFirstWordOfAStatement() {
    SqlText text = new SqlText("/* a */ Begin; \"do\"; (SELECT 1)", true);

    assertThat(text.statements().stream().map(text::firstWord)).containsExactly("begin", "", "");
  }

  @Test
  void knowsWhichKeyWordsAStatementHas() {
    SqlText text = new SqlText("SELECT 'for', \"for\" /* for */; TABLE t FOR Update", true);

    assertThat(text.statements().stream().map(each -> text.lexer(each).find(Set.of("x", "for"))))
        .containsExactly(false, true);
  }

  @Test
  void knowsTheNumberOfAParameter() {
    SqlLexer lexer = new SqlText("$1 $0 $2147483648 1", true).lexer();

    for (int number : new int[] {1, 0, -1, -1}) {
      lexer.next();
      assertThat(lexer.parameter()).isEqualTo(number);
    }
  }
}
