package dev.pglambda.sql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.pglambda.testing.FuzzInput;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;

/** Any text, with standard_conforming_strings on if the first byte is odd. */
class SqlTextFuzzTest {

  @FuzzTest
  void dividesAnyTextIntoTokensInLinearTime(byte[] input) {
    FuzzInput fuzzed = new FuzzInput(input);
    boolean standard = fuzzed.nextBoolean();
    String text = fuzzed.restAsText();
    CountingText counted = new CountingText(text);
    SqlLexer lexer = new SqlText(counted, standard).lexer(0, text.length());
    int end = 0;
    while (lexer.next() != TokenKind.END) {
      assertThat(lexer.start()).isGreaterThanOrEqualTo(end);
      assertThat(lexer.end()).isGreaterThan(lexer.start()).isLessThanOrEqualTo(text.length());
      end = lexer.end();
    }
    assertThat(counted.reads()).isLessThan(12L * text.length() + 100);

    lexer = new SqlText(text, standard).lexer();
    while (lexer.next() != TokenKind.END) {
      assertThat(lexer.identifier() == null || lexer.stringValue() == null).isTrue();
    }
  }

  @FuzzTest
  void findsStatementsOfAnyTextInOrder(byte[] input) {
    FuzzInput fuzzed = new FuzzInput(input);
    boolean standard = fuzzed.nextBoolean();
    String text = fuzzed.restAsText();
    int end = 0;
    List<Statement> statements = new SqlText(text, standard).statements();
    for (Statement statement : statements) {
      assertThat(statement.start()).isGreaterThanOrEqualTo(end);
      assertThat(statement.end()).isGreaterThan(statement.start());
      end = statement.end();
    }
    assertThat(end).isLessThanOrEqualTo(text.length());

    for (ExtensionStatement found : ExtensionStatements.find(new SqlText(text, standard))) {
      Statement statement = statements.get(found.statementIndex());
      assertThat(found.start()).isEqualTo(statement.start());
      assertThat(found.end()).isEqualTo(statement.end());
      // By itself it is the same statement.
      String alone = text.substring(found.start(), found.end());
      assertThat(ExtensionStatements.find(new SqlText(alone, standard)))
          .singleElement()
          .satisfies(
              again -> {
                assertThat(again.kind()).isEqualTo(found.kind());
                assertThat(again.extension()).isEqualTo(found.extension());
              });
    }
    end = 0;
    for (NestedStatement nested : NestedStatement.find(new SqlText(text, standard))) {
      assertThat(nested.start()).isGreaterThanOrEqualTo(end);
      assertThat(nested.end()).isGreaterThan(nested.start()).isLessThanOrEqualTo(text.length());
      end = nested.end();
    }
    end = 0;
    for (ViewReference view : ViewReferences.find(new SqlText(text, standard))) {
      assertThat(view.start()).isGreaterThanOrEqualTo(end);
      assertThat(view.end()).isLessThanOrEqualTo(text.length());
      end = view.end();
      assertThat(text.substring(view.start(), end).toLowerCase(Locale.ROOT).replace("\"", ""))
          .isIn(view.view(), "pg_catalog." + view.view());
    }
  }

  @FuzzTest
  void findsAMentionWhereASearchFindsIt(byte[] text) {
    String lower = new String(text, ISO_8859_1).toLowerCase(Locale.ROOT);

    assertThat(MentionScan.awsExtension(ByteBuffer.wrap(text)))
        .isEqualTo(lower.contains("aws_lambda") || lower.contains("aws_commons"));
  }
}
