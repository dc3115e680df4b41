package dev.pglambda.direct.plan;

import dev.pglambda.sql.SqlText;
import dev.pglambda.sql.Statement;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The transaction block that a Query of several statements is (manual, "Multiple Statements in a
 * Simple Query"): to some statements it matters that there is one. They must not be in it, or can
 * only be in it (xact.c, PreventInTransactionBlock and CheckTransactionBlock).
 */
final class ImplicitTransaction {
  private static final Set<String> ALWAYS = Set.of();

  private static final Set<String> OUTSIDE =
      Set.of("concurrently", "database", "subscription", "system", "tablespace");

  private static final Set<String> PREPARED = Set.of("prepared");

  /** By the first word: the key words with one of which it matters. */
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

  private ImplicitTransaction() {}

  /** Whether it may matter to a statement. */
  static boolean matters(SqlText text, Statement statement) {
    String firstWord = text.firstWord(statement);
    if (firstWord.equals("do")) {
      String body = text.substring(statement.start(), statement.end()).toLowerCase(Locale.ROOT);
      return body.contains("commit") || body.contains("rollback");
    }
    Set<String> words = MATTERS.get(firstWord);
    return words != null && (words.isEmpty() || text.lexer(statement).find(words));
  }
}
