package dev.pglambda.sql;

import dev.pglambda.sql.FunctionCall.Argument;
import dev.pglambda.sql.FunctionCall.Function;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the calls of the extensions' functions in a text: {@code schema . name ( .. )}, with any
 * spelling of the names, white space and comments that PostgreSQL allows, and with arguments in
 * positional or named notation (manual, "Calling Functions"). Calls within the arguments of another
 * are found, too. What stands in a constant or comment, or behind a key word that makes it the
 * signature of a function or the name of a table, is no call. The cost is linear in the length of
 * the text.
 */
public final class FunctionCalls {
  /** Behind these a qualified name with parentheses is no call (gram.y). */
  private static final Set<String> NO_CALL_BEHIND =
      Set.of("function", "procedure", "routine", "aggregate", "into", "table", "view", "exists");

  /** Statements that begin with these have lists of signatures, and no calls. */
  private static final Set<String> WITHOUT_CALLS =
      Set.of("comment", "drop", "grant", "revoke", "security");

  private final SqlLexer lexer;
  private final List<FunctionCall> found = new ArrayList<>();

  /** The brackets that are open, the innermost first. */
  private final Deque<Bracket> open = new ArrayDeque<>();

  private Name name = Name.NONE;
  private int nameStart;
  private @Nullable String schema;
  private @Nullable Function function;

  private boolean statementBegins = true;
  private boolean statementHasCalls = true;

  /** Whether a call may begin here: not behind a dot, and not behind certain key words. */
  private boolean mayBegin = true;

  private FunctionCalls(SqlLexer lexer) {
    this.lexer = lexer;
  }

  /**
   * Finds the calls.
   *
   * @param text SQL text, one {@code char} per byte
   * @param standardConformingStrings the session's standard_conforming_strings
   * @return the calls, in the order in which they begin; none if PostgreSQL would refuse the text
   *     for its brackets, or for a constant or comment without its end
   */
  public static List<FunctionCall> find(String text, boolean standardConformingStrings) {
    return find(new SqlLexer(text, standardConformingStrings));
  }

  static List<FunctionCall> find(SqlLexer lexer) {
    FunctionCalls calls = new FunctionCalls(lexer);
    if (!calls.scan()) {
      return List.of();
    }
    calls.found.sort(Comparator.comparingInt(FunctionCall::start));
    return List.copyOf(calls.found);
  }

  private boolean scan() {
    while (lexer.next() != TokenKind.END) {
      boolean balanced =
          lexer.kind() != TokenKind.ERROR
              && switch (bracket()) {
                case '(', '[' -> opens();
                case ')' -> closes('(');
                case ']' -> closes('[');
                case ',' -> separates();
                default -> partOfArgument();
              };
      if (!balanced) {
        return false;
      }
      trackName();
    }
    return open.isEmpty();
  }

  /** The token, if it is a bracket or a comma. */
  private char bracket() {
    if (lexer.kind() != TokenKind.PUNCTUATION || lexer.is('.') || lexer.is(';') || lexer.is(':')) {
      return '\0';
    }
    return lexer.text().charAt(0);
  }

  private boolean opens() {
    partOfArgument();
    boolean call = name == Name.FUNCTION && lexer.is('(');
    open.push(new Bracket(lexer.is('(') ? '(' : '[', call ? function : null, nameStart));
    return true;
  }

  private boolean closes(char opening) {
    if (open.isEmpty() || open.peek().opening != opening) {
      return false;
    }
    Bracket closed = open.pop();
    FunctionCall call = closed.call(lexer.end());
    if (call != null) {
      found.add(call);
    }
    return partOfArgument();
  }

  private boolean separates() {
    if (!open.isEmpty()) {
      open.peek().endArgument();
    }
    return true;
  }

  private boolean partOfArgument() {
    if (!open.isEmpty()) {
      open.peek().add(lexer);
    }
    return true;
  }

  private void trackName() {
    if (statementBegins) {
      statementHasCalls = !isKeyword(WITHOUT_CALLS);
    }
    statementBegins = lexer.is(';');
    name =
        switch (name) {
          case SCHEMA -> lexer.is('.') ? Name.DOT : begin();
          case DOT -> {
            function = Function.named(schema, lexer.identifier());
            yield function == null ? begin() : Name.FUNCTION;
          }
          case NONE, FUNCTION -> begin();
        };
    mayBegin = statementHasCalls && !lexer.is('.') && !isKeyword(NO_CALL_BEHIND);
  }

  private boolean isKeyword(Set<String> words) {
    return lexer.kind() == TokenKind.IDENTIFIER
        && words.contains(String.valueOf(lexer.identifier()));
  }

  private Name begin() {
    if (!mayBegin || !lexer.kind().isIdentifier()) {
      return Name.NONE;
    }
    nameStart = lexer.start();
    schema = lexer.identifier();
    return Name.SCHEMA;
  }

  /** How much of {@code schema.function} has come. */
  private enum Name {
    NONE,
    SCHEMA,
    DOT,
    FUNCTION
  }

  /** An open bracket, perhaps that of a call. */
  private static final class Bracket {
    private final char opening;
    private final @Nullable Function function;
    private final int callStart;
    private final List<Argument> arguments = new ArrayList<>();

    private @Nullable String argumentName;
    private int start;
    private int end;
    private int tokens;
    private @Nullable TokenKind first;
    private @Nullable String firstIdentifier;

    /** Whether an argument is empty, or has a name that is not to be decoded. */
    private boolean broken;

    Bracket(char opening, @Nullable Function function, int callStart) {
      this.opening = opening;
      this.function = function;
      this.callStart = callStart;
    }

    void add(SqlLexer lexer) {
      if (function == null) {
        return;
      }
      boolean arrow =
          lexer.kind() == TokenKind.EQUALS_GREATER || lexer.kind() == TokenKind.COLON_EQUALS;
      if (arrow && tokens == 1 && argumentName == null) {
        argumentName = firstIdentifier;
        broken |= argumentName == null;
        tokens = 0;
        return;
      }
      if (tokens == 0) {
        start = lexer.start();
        first = lexer.kind();
        firstIdentifier = lexer.identifier();
      }
      end = lexer.end();
      tokens++;
    }

    void endArgument() {
      broken |= tokens == 0;
      arguments.add(new Argument(argumentName, start, end, tokens == 1 ? first : null));
      argumentName = null;
      tokens = 0;
    }

    /** The call, if it is one of those that are looked for. */
    @Nullable FunctionCall call(int callEnd) {
      if (function == null) {
        return null;
      }
      if (tokens > 0 || argumentName != null || !arguments.isEmpty()) {
        endArgument();
      }
      return broken ? null : new FunctionCall(function, callStart, callEnd, List.copyOf(arguments));
    }
  }
}
