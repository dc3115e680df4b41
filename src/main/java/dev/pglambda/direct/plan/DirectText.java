package dev.pglambda.direct.plan;

import dev.pglambda.direct.recognize.DirectCall;
import dev.pglambda.direct.recognize.DirectStatement;
import dev.pglambda.direct.recognize.DirectStatements;
import dev.pglambda.intercept.Rewrite.FoundCalls;
import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.sql.SqlLexer;
import dev.pglambda.sql.SqlText;
import dev.pglambda.sql.Statement;
import dev.pglambda.sql.TokenKind;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A text of one or several statements, if the proxy can serve all calls in it. Immutable.
 *
 * @param text as {@link ClientEncoding#read} reads it
 * @param served those that have calls, by their index
 * @param encoding the client's
 */
public record DirectText(
    SqlText text, Map<Integer, DirectStatement> served, ClientEncoding encoding) {

  /** What a message can hold, less those that are added to it. */
  public static final int MAX_PARAMETERS = 60_000;

  /** Each of them takes several messages; a longer text passes. */
  private static final int MAX_STATEMENTS = 1_000;

  /** Statements behind whose Execute comes more than their rows. */
  private static final String COPY = "copy";

  private static final Set<String> BEGIN = Set.of("begin", "start");
  private static final Set<String> END = Set.of("abort", "commit", "end", "rollback");

  private static final Set<String> TO = Set.of("to");

  private static final Set<String> LOCK = Set.of("for", "key");

  private static final Set<String> WRITES = Set.of("insert", "update", "delete", "merge");

  /** Statements that have rows and are no queries (pquery.c, ChoosePortalStrategy). */
  private static final Set<String> UTILITIES =
      Set.of("call", "execute", "explain", "fetch", "show");

  private static final Set<String> ALWAYS = Set.of();

  private static final Set<String> OUTSIDE =
      Set.of("concurrently", "database", "subscription", "system", "tablespace");

  private static final Set<String> PREPARED = Set.of("prepared");

  /** By the first word: the key words with one of which a transaction block matters. */
  private static final Map<String, Set<String>> MATTERS =
      Map.ofEntries(
          Map.entry("alter", OUTSIDE),
          Map.entry("call", ALWAYS),
          Map.entry("cluster", ALWAYS),
          Map.entry("commit", PREPARED),
          Map.entry("create", OUTSIDE),
          Map.entry("declare", ALWAYS),
          Map.entry("discard", ALWAYS),
          Map.entry("drop", OUTSIDE),
          Map.entry("lock", ALWAYS),
          Map.entry("prepare", Set.of("transaction")),
          Map.entry("reindex", ALWAYS),
          Map.entry("rollback", PREPARED),
          Map.entry("set", Set.of("constraints", "local", "transaction")),
          Map.entry("vacuum", ALWAYS));

  /** The text in which calls were found; null if it has others than can be served. */
  public static @Nullable DirectText of(FoundCalls found) {
    List<DirectStatement> direct = DirectStatements.find(found.text());
    if (direct.isEmpty()) {
      return null;
    }
    Map<Integer, DirectStatement> served = new HashMap<>();
    direct.forEach(statement -> served.put(statement.statementIndex(), statement));
    DirectText text = new DirectText(found.text(), served, found.encoding());
    return text.isServed() ? text : null;
  }

  private boolean isServed() {
    Set<Integer> calls = new HashSet<>();
    for (DirectStatement statement : served.values()) {
      if (statement.parameters() > MAX_PARAMETERS) {
        return false;
      }
      for (DirectCall call : statement.calls()) {
        calls.add(call.call().start());
        if (call.arn() != null) {
          calls.add(call.arn().start());
        }
      }
    }
    List<Statement> statements = text.statements();
    return statements.size() <= MAX_STATEMENTS
        && text.calls().stream().allMatch(call -> calls.contains(call.start()))
        && (statements.size() == 1
            || statements.stream().map(text::firstWord).noneMatch(COPY::equals));
  }

  /** How many statements it has. */
  public int size() {
    return text.statements().size();
  }

  /**
   * Whether each statement does the same when it is executed by messages of its own, in a
   * transaction block or not before the first one.
   */
  public boolean isDivisible(boolean inTransaction) {
    boolean inBlock = inTransaction || size() == 1;
    for (Statement statement : text.statements()) {
      String word = text.firstWord(statement);
      if (!inBlock && dependsOnBlock(statement)) {
        return false;
      }
      boolean ends = END.contains(word) && !text.lexer(statement).find(TO); // not ROLLBACK TO
      inBlock = BEGIN.contains(word) || (inBlock && !ends);
    }
    return true;
  }

  /**
   * Whether it may matter to a statement that a Query of several statements is a transaction block
   * (manual, "Multiple Statements in a Simple Query"): the statement must not be in one, or can
   * only be in one (xact.c, PreventInTransactionBlock and CheckTransactionBlock).
   */
  private boolean dependsOnBlock(Statement statement) {
    String firstWord = text.firstWord(statement);
    if (firstWord.equals("do")) {
      String body = text.substring(statement.start(), statement.end()).toLowerCase(Locale.ROOT);
      return body.contains("commit") || body.contains("rollback");
    }
    Set<String> words = MATTERS.get(firstWord);
    return words != null && (words.isEmpty() || text.lexer(statement).find(words));
  }

  /** Whether a statement makes all of its rows before it sends one of them. */
  public boolean sendsLate(int index) {
    Statement statement = text.statements().get(index);
    String word = text.firstWord(statement);
    return WRITES.contains(word)
        || UTILITIES.contains(word)
        || (word.equals("with") && writes(statement));
  }

  /** Whether it has a key word that writes, but for FOR [NO KEY] UPDATE. */
  private boolean writes(Statement statement) {
    SqlLexer lexer = text.lexer(statement);
    String previous = "";
    while (lexer.next() != TokenKind.END) {
      String word = lexer.kind() == TokenKind.IDENTIFIER ? lexer.identifier() : null;
      if (word != null && WRITES.contains(word) && !LOCK.contains(previous)) {
        return true;
      }
      previous = String.valueOf(word);
    }
    return false;
  }

  /** A statement alone. */
  public String statement(int index) {
    Statement statement = text.statements().get(index);
    return text.substring(statement.start(), statement.end());
  }

  /**
   * How many characters stand between the beginnings of a statement and of the one before, or of
   * the text.
   */
  public int charactersBefore(int index) {
    List<Statement> statements = text.statements();
    int from = index == 0 ? 0 : statements.get(index - 1).start();
    return encoding.characters(text.toString(), from, statements.get(index).start());
  }

  /** The only statement, if it has calls to be served; null if it has none. */
  public @Nullable DirectCandidate onlyCandidate() {
    boolean first = text.toString().lastIndexOf(';', text.statements().get(0).start()) < 0;
    DirectStatement direct = served.get(0);
    return first && direct != null // else EXPLAIN could not go before it
        ? new DirectCandidate(text, direct, encoding, 0)
        : candidate(0, charactersBefore(0));
  }

  /**
   * A statement of several, before which so many characters stand; null if it has no calls to be
   * served.
   */
  public @Nullable DirectCandidate candidate(int index, int before) {
    if (!served.containsKey(index)) {
      return null;
    }
    SqlText alone = text.with(statement(index));
    return new DirectCandidate(alone, DirectStatements.find(alone).get(0), encoding, before);
  }
}
