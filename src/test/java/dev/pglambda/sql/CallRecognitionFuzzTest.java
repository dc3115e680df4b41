package dev.pglambda.sql;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.pglambda.direct.recognize.DirectCall;
import dev.pglambda.direct.recognize.DirectStatement;
import dev.pglambda.direct.recognize.DirectStatement.Condition;
import dev.pglambda.direct.recognize.DirectStatements;
import dev.pglambda.sql.ExtensionCall.Argument;
import dev.pglambda.testing.FuzzInput;
import java.util.ArrayList;
import java.util.List;

/**
 * Any text, with standard_conforming_strings on if the first byte is odd. An byte above 127 stands
 * for a piece of a statement, so that there are calls in many texts.
 */
class CallRecognitionFuzzTest {
  private static final List<String> PIECES =
      List.of(
          "aws_lambda.invoke(",
          "\"aws_lambda\" . Invoke (",
          "aws_commons.create_lambda_function_arn(",
          "'f', '{}'::json, 'Event', 'None', NULL, 'v')",
          "('f', '{}')",
          "SELECT ",
          " FROM ",
          " AS ",
          "(SELECT * FROM ",
          "INSERT INTO t ",
          "CREATE TABLE t AS ",
          "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ",
          "DO ",
          " BEGIN ATOMIC ",
          " END",
          "WITH a AS (",
          ").payload",
          ").*",
          " function_name => ",
          " payload := ",
          " IS DISTINCT FROM ",
          " WHERE ",
          " LIMIT 1",
          " UNION ",
          " RETURNING 1",
          " ON CONFLICT ",
          " WITH DATA",
          " LATERAL ",
          "VARIADIC ",
          "$body$",
          "E'",
          "U&\"",
          "U&'",
          " UESCAPE '!'",
          "/*",
          "*/",
          "--",
          "\n",
          "\u00e9");

  /** Stands in comments, which it does not end. */
  private static final String COMMENT = "(aws_lambda.invoke('\"$$";

  @FuzzTest
  void findsTheSameCallsWhateverStandsAroundThem(byte[] input) {
    FuzzInput fuzzed = new FuzzInput(input);
    boolean standard = fuzzed.nextBoolean();
    String text = text(fuzzed);
    List<ExtensionCall> calls = new SqlText(text, standard).calls();
    List<Replacement> insertions =
        AmbiguousCalls.find(new SqlText(text, standard), number -> number % 2 == 1);
    List<DirectStatement> direct = DirectStatements.find(new SqlText(text, standard));
    checkInsertions(text, standard, insertions);
    if (calls.isEmpty()) {
      assertThat(direct).isEmpty();
      return;
    }
    checkCalls(text, standard, calls);
    checkDirect(text, standard, calls, direct);

    String masked = masked(text, standard);
    assertThat(new SqlText(masked, standard).calls()).isEqualTo(calls);
    assertThat(AmbiguousCalls.find(new SqlText(masked, standard), number -> number % 2 == 1))
        .isEqualTo(insertions);
    assertThat(DirectStatements.find(new SqlText(masked, standard))).isEqualTo(direct);
  }

  private static void checkCalls(String text, boolean standard, List<ExtensionCall> calls) {
    int start = -1;
    int outermostEnd = 0;
    List<Replacement> unchanged = new ArrayList<>();
    for (ExtensionCall call : calls) {
      assertThat(call.start()).isGreaterThan(start);
      assertThat(call.end()).isGreaterThan(call.start()).isLessThanOrEqualTo(text.length());
      start = call.start();
      if (call.start() >= outermostEnd) {
        outermostEnd = call.end();
        unchanged.add(unchanged(text, call.start(), call.end()));
      } else {
        assertThat(call.end()).isLessThan(outermostEnd);
      }
      int end = call.start();
      for (Argument argument : call.arguments()) {
        assertThat(argument.start()).isGreaterThan(end);
        assertThat(argument.end()).isGreaterThan(argument.start()).isLessThan(call.end());
        end = argument.end();
      }
    }
    assertThat(Replacement.splice(text, unchanged)).isEqualTo(text);
    ExtensionCall last = calls.get(calls.size() - 1);
    for (ExtensionCall call : List.of(calls.get(0), last)) {
      String alone = "SELECT " + text.substring(call.start(), call.end());
      assertThat(new SqlText(alone, standard).calls().get(0))
          .isEqualTo(moved(call, "SELECT ".length() - call.start()));
    }
  }

  private static void checkInsertions(String text, boolean standard, List<Replacement> insertions) {
    if (insertions.isEmpty()) {
      return;
    }
    int at = 0;
    for (Replacement insertion : insertions) {
      assertThat(insertion.start()).isGreaterThanOrEqualTo(at).isEqualTo(insertion.end());
      at = insertion.end();
    }
    String completed = Replacement.splice(text, insertions);
    assertThat(AmbiguousCalls.find(new SqlText(completed, standard), number -> number % 2 == 1))
        .isEmpty();
  }

  private static void checkDirect(
      String text, boolean standard, List<ExtensionCall> calls, List<DirectStatement> direct) {
    if (direct.isEmpty()) {
      return;
    }
    List<Statement> statements = new SqlText(text, standard).statements();
    List<Replacement> unchanged = new ArrayList<>();
    List<Replacement> stubs = new ArrayList<>();
    for (DirectStatement each : direct) {
      Statement statement = statements.get(each.statementIndex());
      assertThat(each.start()).isEqualTo(statement.start());
      assertThat(each.end()).isEqualTo(statement.end());
      int end = each.start();
      List<ExtensionCall> served = new ArrayList<>();
      for (DirectCall call : each.calls()) {
        assertThat(call.start()).isGreaterThan(end).isLessThanOrEqualTo(call.call().start());
        assertThat(call.end()).isGreaterThanOrEqualTo(call.call().end());
        end = call.end();
        unchanged.add(unchanged(text, call.start(), call.end()));
        stubs.add(new Replacement(call.start(), call.end(), " (1) "));
        served.add(call.call());
        if (call.arn() != null) {
          served.add(call.arn());
        }
      }
      assertThat(each.tail()).isBetween(end, each.end());
      assertThat(calls.stream().filter(call -> isWithin(call, each))).isEqualTo(served);
      assertThat(
              DirectStatements.find(new SqlText(text.substring(each.start(), each.end()), standard))
                  .get(0))
          .isEqualTo(alone(each));
    }
    assertThat(Replacement.splice(text, unchanged)).isEqualTo(text);
    String stubbed = Replacement.splice(text, stubs);
    assertThat(new SqlText(stubbed, standard).statements()).hasSameSizeAs(statements);
    assertThat(DirectStatements.find(new SqlText(stubbed, standard))).isEmpty();
  }

  private static boolean isWithin(ExtensionCall call, DirectStatement statement) {
    return call.start() >= statement.start() && call.end() <= statement.end();
  }

  private static Replacement unchanged(String text, int start, int end) {
    return new Replacement(start, end, text.substring(start, end));
  }

  private static ExtensionCall moved(ExtensionCall call, int by) {
    return new ExtensionCall(
        call.function(),
        call.start() + by,
        call.end() + by,
        call.arguments().stream()
            .map(
                argument ->
                    new Argument(
                        argument.name(),
                        argument.start() + by,
                        argument.end() + by,
                        argument.token()))
            .toList());
  }

  /** The statement as it is found in a text of its own. */
  private static DirectStatement alone(DirectStatement statement) {
    int by = -statement.start();
    Condition condition = statement.condition();
    return new DirectStatement(
        0,
        0,
        statement.end() + by,
        statement.parameters(),
        statement.tail() + by,
        condition == null ? null : new Condition(condition.start() + by, condition.end() + by),
        statement.calls().stream()
            .map(
                call ->
                    new DirectCall(
                        call.position(),
                        moved(call.call(), by),
                        call.start() + by,
                        call.end() + by,
                        call.field(),
                        call.named(),
                        call.arn() == null ? null : moved(call.arn(), by)))
            .toList());
  }

  /** The text with other comments and white space of the same lengths between its tokens. */
  private static String masked(String text, boolean standard) {
    StringBuilder masked = new StringBuilder();
    SqlLexer lexer = new SqlText(text, standard).lexer();
    boolean more = true;
    while (more) {
      more = lexer.next() != TokenKind.END;
      int length = lexer.start() - masked.length();
      String comment = "/*" + COMMENT.repeat(length / COMMENT.length() + 1);
      masked.append(length < 4 ? " ".repeat(length) : comment.substring(0, length - 2) + "*/");
      masked.append(lexer.text());
    }
    return masked.toString();
  }

  private static String text(FuzzInput fuzzed) {
    StringBuilder text = new StringBuilder();
    while (!fuzzed.isEmpty()) {
      char next = fuzzed.nextChar();
      text.append(next < 128 ? String.valueOf(next) : PIECES.get((next - 128) % PIECES.size()));
    }
    return text.toString();
  }
}
