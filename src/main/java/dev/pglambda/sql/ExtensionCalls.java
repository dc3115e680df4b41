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

  private final SqlLexer lexer;
  private final List<ExtensionCall> found = new ArrayList<>();

  /** The brackets that are open, the innermost first; the last is the whole text. */
  private final Deque<Bracket> open = new ArrayDeque<>();

  /** The offsets of the tokens before, the latest at {@code seen - 1} modulo four. */
  private final int[] starts = new int[4];

  private int seen;
  private boolean behindName;
  private boolean statementBegins = true;
  private boolean statementHasCalls = true;

  private ExtensionCalls(SqlLexer lexer) {
    this.lexer = lexer;
    open.push(new Bracket('\0', null, 0));
  }

  /** Those of the text that a cursor is before the first token of. */
  static List<ExtensionCall> find(SqlLexer lexer) {
    ExtensionCalls calls = new ExtensionCalls(lexer);
    if (!calls.scan()) {
      return List.of();
    }
    calls.found.sort(Comparator.comparingInt(ExtensionCall::start));
    return List.copyOf(calls.found);
  }

  /** Whether the text is right but for what is no matter of brackets. */
  private boolean scan() {
    while (lexer.next() != TokenKind.END) {
      if (lexer.kind() == TokenKind.ERROR || !takeToken()) {
        return false;
      }
      if (statementBegins) {
        statementHasCalls = !lexer.isKeyword(WITHOUT_CALLS);
      }
      statementBegins = lexer.is(';');
      behindName = lexer.kind().isIdentifier();
      starts[seen++ % starts.length] = lexer.start();
    }
    return open.size() == 1;
  }

  private boolean takeToken() {
    Bracket innermost = open.element();
    if (lexer.is(',')) {
      innermost.endArgument();
    } else if (lexer.is('(') || lexer.is('[')) {
      innermost.add(lexer);
      Function function = lexer.is('(') && behindName ? function() : null;
      open.push(new Bracket(lexer.is('(') ? ')' : ']', function, function == null ? 0 : start(3)));
    } else if (lexer.is(')') || lexer.is(']')) {
      if (!lexer.is(innermost.closing)) {
        return false;
      }
      ExtensionCall call = open.pop().call(lexer.end());
      if (call != null) {
        found.add(call);
      }
      open.element().add(lexer);
    } else {
      innermost.add(lexer);
    }
    return true;
  }

  /** The function whose name stands before the cursor, if a call of it may stand there. */
  private @Nullable Function function() {
    if (!statementHasCalls || seen < 3) {
      return null;
    }
    SqlLexer name = lexer.over(start(3), lexer.start());
    name.next();
    String schema = name.identifier();
    name.next();
    if (schema == null || !name.is('.')) {
      return null;
    }
    name.next();
    Function function = Function.named(schema, name.identifier());
    if (function == null || seen == 3) {
      return function;
    }
    SqlLexer before = lexer.over(start(4), start(3));
    before.next();
    return before.is('.') || before.isKeyword(NO_CALL_BEHIND) ? null : function;
  }

  /** Where one of the four tokens before begins, counted back from 1. */
  private int start(int back) {
    return starts[(seen - back) % starts.length];
  }

  /** An open bracket, perhaps that of a call. */
  private static final class Bracket {
    private final char closing;
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

    Bracket(char closing, @Nullable Function function, int callStart) {
      this.closing = closing;
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
