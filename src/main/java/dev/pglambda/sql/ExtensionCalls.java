package dev.pglambda.sql;

import dev.pglambda.sql.ExtensionCall.Argument;
import dev.pglambda.sql.ExtensionCall.Function;
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
final class ExtensionCalls {
  /** Behind these a qualified name with parentheses is no call (gram.y). */
  private static final Set<String> NO_CALL_BEHIND =
      Set.of("function", "procedure", "routine", "aggregate", "into", "table", "view", "exists");

  /** Statements that begin with these have lists of signatures, and no calls. */
  private static final Set<String> WITHOUT_CALLS =
      Set.of("comment", "drop", "grant", "revoke", "security");

  /** No schema that is looked for has a shorter name, however it is written. */
  private static final int SCHEMA_LENGTH = "aws_lambda".length();

  private final SqlText text;
  private final SqlLexer lexer;
  private final List<ExtensionCall> found = new ArrayList<>();

  /** The brackets that are open, the innermost first. */
  private final Deque<Bracket> open = new ArrayDeque<>();

  private NameProgress name = NameProgress.NONE;
  private int nameStart;
  private @Nullable String schema;
  private @Nullable Function function;

  private boolean statementBegins = true;
  private boolean statementHasCalls = true;

  /** The token before. */
  private int previousStart;

  private int previousEnd;

  private ExtensionCalls(SqlText text) {
    this.text = text;
    this.lexer = text.lexer();
  }

  /** See {@link SqlText#calls}. */
  static List<ExtensionCall> find(SqlText text) {
    ExtensionCalls calls = new ExtensionCalls(text);
    if (!calls.scan()) {
      return List.of();
    }
    calls.found.sort(Comparator.comparingInt(ExtensionCall::start));
    return List.copyOf(calls.found);
  }

  private boolean scan() {
    while (lexer.next() != TokenKind.END) {
      boolean balanced = lexer.kind() == TokenKind.PUNCTUATION ? punctuation() : partOfArgument();
      if (!balanced) {
        return false;
      }
      trackName();
    }
    return open.isEmpty();
  }

  private boolean punctuation() {
    if (lexer.is('(') || lexer.is('[')) {
      return opens();
    }
    if (lexer.is(')')) {
      return closes('(');
    }
    if (lexer.is(']')) {
      return closes('[');
    }
    return lexer.is(',') ? separates() : partOfArgument();
  }

  private boolean opens() {
    partOfArgument();
    boolean call = name == NameProgress.FUNCTION && lexer.is('(');
    open.push(new Bracket(lexer.is('(') ? '(' : '[', call ? function : null, nameStart));
    return true;
  }

  private boolean closes(char opening) {
    if (open.isEmpty() || open.peek().opening != opening) {
      return false;
    }
    Bracket closed = open.pop();
    ExtensionCall call = closed.call(lexer.end());
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

  /** Takes any token but brackets and commas. */
  private boolean partOfArgument() {
    if (!open.isEmpty()) {
      open.peek().add(lexer);
    }
    return lexer.kind() != TokenKind.ERROR;
  }

  private void trackName() {
    if (statementBegins) {
      statementHasCalls = !lexer.isKeyword(WITHOUT_CALLS);
    }
    statementBegins = lexer.is(';');
    name =
        switch (name) {
          case SCHEMA -> lexer.is('.') ? NameProgress.DOT : begin();
          case DOT -> {
            function = Function.named(schema, lexer.identifier());
            yield function == null ? begin() : NameProgress.FUNCTION;
          }
          case NONE, FUNCTION -> begin();
        };
    previousStart = lexer.start();
    previousEnd = lexer.end();
  }

  private NameProgress begin() {
    if (!statementHasCalls
        || !lexer.kind().isIdentifier()
        || lexer.end() - lexer.start() < SCHEMA_LENGTH
        || !mayBegin()) {
      return NameProgress.NONE;
    }
    nameStart = lexer.start();
    schema = lexer.identifier();
    return NameProgress.SCHEMA;
  }

  /** Whether a call may begin here: not behind a dot, and not behind certain key words. */
  private boolean mayBegin() {
    SqlLexer previous = text.lexer(previousStart, previousEnd);
    previous.next();
    return !previous.is('.') && !previous.isKeyword(NO_CALL_BEHIND);
  }

  /** How much of {@code schema.function} has come. */
  private enum NameProgress {
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
    private final List<Argument> arguments;

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
      this.arguments = function == null ? List.of() : new ArrayList<>();
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
      if (function == null) {
        return;
      }
      broken |= tokens == 0;
      arguments.add(new Argument(argumentName, start, end, tokens == 1 ? first : null));
      argumentName = null;
      tokens = 0;
    }

    /** The call, if it is one of those that are looked for. */
    @Nullable ExtensionCall call(int callEnd) {
      if (function == null) {
        return null;
      }
      if (tokens > 0 || argumentName != null || !arguments.isEmpty()) {
        endArgument();
      }
      return broken
          ? null
          : new ExtensionCall(function, callStart, callEnd, List.copyOf(arguments));
    }
  }
}
