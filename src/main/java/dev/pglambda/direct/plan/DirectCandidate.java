package dev.pglambda.direct.plan;

import dev.pglambda.direct.recognize.DirectCall;
import dev.pglambda.direct.recognize.DirectCall.Position;
import dev.pglambda.direct.recognize.DirectStatement;
import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.sql.ExtensionCall;
import dev.pglambda.sql.ExtensionCall.Argument;
import dev.pglambda.sql.ExtensionCall.Function;
import dev.pglambda.sql.SqlLexer;
import dev.pglambda.sql.SqlText;
import dev.pglambda.sql.TokenKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The only statement of a text, if the proxy can serve its calls itself. Immutable.
 *
 * @param text the text, as {@link ClientEncoding#read} reads it
 * @param statement where its calls are
 * @param encoding the client's
 * @param before how many characters of the client's text stand before this one
 */
public record DirectCandidate(
    SqlText text, DirectStatement statement, ClientEncoding encoding, int before) {

  private static final String SELECT = "SELECT";

  /** Whether it calls Lambda, rather than just {@code create_lambda_function_arn}. */
  public boolean invokes() {
    return statement.calls().stream().anyMatch(DirectCandidate::invokes);
  }

  static boolean invokes(DirectCall call) {
    return call.call().function() == Function.INVOKE;
  }

  /** The calls to replace: a database's own {@code create_lambda_function_arn} stays. */
  List<DirectCall> calls(InstalledSchemas schemas) {
    return statement.calls().stream().filter(call -> invokes(call) || !schemas.commons()).toList();
  }

  /** The arguments of a call, in the order in which they are written. */
  List<ArgumentExpression> leaves(
      DirectCall call, InstalledSchemas schemas, IntPredicate isUntypedParameter) {
    List<ArgumentExpression> leaves = new ArrayList<>();
    ExtensionCall arn = schemas.commons() ? null : call.arn();
    for (Argument argument : call.call().arguments()) {
      if (arn != null && argument.start() <= arn.start() && arn.end() <= argument.end()) {
        arn.arguments().forEach(inner -> leaves.add(leaf(arn, inner, isUntypedParameter)));
      } else {
        leaves.add(leaf(call.call(), argument, isUntypedParameter));
      }
    }
    return leaves;
  }

  private ArgumentExpression leaf(
      ExtensionCall call, Argument argument, IntPredicate isUntypedParameter) {
    return new ArgumentExpression(call, argument, isUnknown(argument, isUntypedParameter));
  }

  /** Whether, but for parentheses and COLLATE, it is one token that has no type. */
  private boolean isUnknown(Argument argument, IntPredicate isUntypedParameter) {
    SqlLexer lexer = text.lexer(argument.start(), argument.end());
    int open = 0;
    while (lexer.next() == TokenKind.PUNCTUATION && lexer.is('(')) {
      open++;
    }
    boolean untyped =
        lexer.kind().isStringConstant()
            || lexer.isKeyword("null")
            || (lexer.kind() == TokenKind.PARAMETER && isUntypedParameter.test(lexer.parameter()));
    lexer.next();
    while ((open > 0 && lexer.is(')')) || lexer.isKeyword("collate")) {
      if (lexer.is(')')) {
        open--;
        lexer.next();
      } else {
        skipCollation(lexer);
      }
    }
    return untyped && open == 0 && lexer.kind() == TokenKind.END;
  }

  /** From COLLATE to the token behind the name. */
  private static void skipCollation(SqlLexer lexer) {
    do {
      lexer.next();
      lexer.next();
    } while (lexer.is('.'));
  }

  /** The numbers of the parameters that stand in an argument. */
  Set<Integer> parameters(ArgumentExpression leaf) {
    return text.lexer(leaf.start(), leaf.end()).parameters();
  }

  /**
   * A query whose columns are the arguments, in their order, each at the place, in characters,
   * where it stands in the text: so the position of an error in it is the text's. It is only
   * described; null if there are no arguments.
   */
  @Nullable String typesQuery(List<ArgumentExpression> leaves) {
    if (leaves.isEmpty()) {
      return null;
    }
    StringBuilder query = new StringBuilder(blank(0, statement.start())).append(SELECT);
    int copied = statement.start() + SELECT.length();
    for (ArgumentExpression leaf : leaves) {
      query.append(blank(copied, leaf.start()));
      query.append(text.substring(leaf.start(), leaf.end())).append(',');
      copied = leaf.end() + 1;
    }
    return query.substring(0, query.length() - 1);
  }

  private String blank(int start, int end) {
    return " ".repeat(encoding.characters(text.toString(), start, end));
  }

  /** The key word that the statement begins with, in lower case. */
  String firstWord() {
    return text.firstWord(text.statements().get(statement.statementIndex()));
  }

  /** Whether the calls stand in the target list. */
  boolean isTarget() {
    return statement.calls().get(0).position() == Position.TARGET;
  }

  /** What follows the target list, if rows depend on it; empty if nothing does. */
  String tail() {
    return isTarget() ? text.substring(statement.tail(), statement.end()) : "";
  }

  /** The number of a character, from 1, as errors count them. */
  int position(int offset) {
    return encoding.characters(text.toString(), 0, offset) + 1;
  }
}
