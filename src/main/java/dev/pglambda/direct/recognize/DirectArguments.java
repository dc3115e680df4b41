package dev.pglambda.direct.recognize;

import dev.pglambda.sql.ExtensionCall;
import dev.pglambda.sql.ExtensionCall.Argument;
import dev.pglambda.sql.ExtensionCall.Function;
import dev.pglambda.sql.ReservedWords;
import dev.pglambda.sql.SqlLexer;
import dev.pglambda.sql.SqlText;
import dev.pglambda.sql.TokenKind;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether the arguments of the text's calls, by their starts, are expressions, each of which
 * means the same elsewhere.
 */
record DirectArguments(SqlText text, Map<Integer, ExtensionCall> calls) {
  /** No expression begins with these (gram.y, {@code func_application}, {@code SelectStmt}). */
  private static final Set<String> NO_EXPRESSION =
      Set.of("variadic", "distinct", "all", "select", "table", "values", "with");

  /** These stand in an expression only within parentheses. */
  private static final Set<String> NOT_WITHIN_EXPRESSION =
      ReservedWords.words(
          """
          as except fetch for group having intersect into limit offset order select table union
          where window
          """);

  private static final Set<String> SUB_QUERY = Set.of("select", "table", "values", "with");

  /**
   * Whether all arguments are expressions, those in named notation behind the others and of
   * different names (manual, "Using Mixed Notation").
   */
  boolean areExpressions(ExtensionCall call) {
    Set<String> names = new HashSet<>();
    for (Argument argument : call.arguments()) {
      boolean ordered = argument.name() == null ? names.isEmpty() : names.add(argument.name());
      if (!ordered || !isExpression(argument)) {
        return false;
      }
    }
    return true;
  }

  private boolean isExpression(Argument argument) {
    TopLevelCursor cursor = new TopLevelCursor(text, argument.start(), argument.end(), calls);
    cursor.next();
    if (cursor.isKeyword(NO_EXPRESSION) || argument.token() == TokenKind.OPERATOR) {
      return false;
    }
    cursor.skipTo(NOT_WITHIN_EXPRESSION);
    return cursor.atEnd();
  }

  /** The call of {@code create_lambda_function_arn} that is all of the argument function_name. */
  @Nullable ExtensionCall arn(ExtensionCall call) {
    List<Argument> arguments = call.arguments();
    for (int i = 0; i < arguments.size(); i++) {
      Argument argument = arguments.get(i);
      if (argument.name() == null ? i == 0 : argument.name().equals("function_name")) {
        ExtensionCall arn = onlyCall(argument.start(), argument.end());
        return arn != null && arn.function() == Function.CREATE_LAMBDA_FUNCTION_ARN ? arn : null;
      }
    }
    return null;
  }

  /** The call that is all of a part of the text but for parentheses; null if there is none. */
  @Nullable ExtensionCall onlyCall(int from, int limit) {
    SqlLexer lexer = text.lexer(from, limit);
    lexer.next();
    int parentheses = 0;
    while (lexer.is('(')) {
      parentheses++;
      lexer.next();
    }
    ExtensionCall call = lexer.kind().isIdentifier() ? calls.get(lexer.start()) : null;
    if (call == null) {
      return null;
    }
    lexer = text.lexer(call.end(), limit);
    lexer.next();
    while (lexer.is(')')) {
      parentheses--;
      lexer.next();
    }
    return parentheses == 0 && lexer.kind() == TokenKind.END ? call : null;
  }

  /** Whether there may be a sub-query in the arguments of a call. */
  boolean mayHaveSubQuery(ExtensionCall call) {
    return text.lexer(call.start(), call.end()).find(SUB_QUERY);
  }

  /** Whether a part of the text is a list of names. */
  boolean areNames(int from, int limit) {
    SqlLexer lexer = text.lexer(from, limit);
    do {
      if (!lexer.next().isIdentifier()) {
        return false;
      }
    } while (lexer.next() != TokenKind.END && lexer.is(','));
    return lexer.kind() == TokenKind.END;
  }

  /** Whether a part may call functions: a name stands directly before parentheses in it. */
  boolean callFunctions(int from, int end) {
    SqlLexer lexer = text.lexer(from, end);
    boolean name = false;
    while (lexer.next() != TokenKind.END) {
      if (name && lexer.is('(')) {
        return true;
      }
      name = lexer.kind().isIdentifier();
    }
    return false;
  }
}
