package dev.pglambda.sql;

import dev.pglambda.sql.NestedBodies.Body;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * An SQL text and the setting with which PostgreSQL reads it. Its statements, calls and bodies are
 * found when they are first asked for, and once: all that look at a text share one of these. Not
 * thread-safe; that of a client belongs to the event loop of its session.
 */
public final class SqlText {
  private final CharSequence characters;
  private final boolean standardConformingStrings;

  private @Nullable List<Statement> statements;
  private @Nullable List<ExtensionCall> calls;
  private @Nullable List<Body> bodies;

  /**
   * @param characters one {@code char} per byte; see {@link SqlLexer}
   * @param standardConformingStrings the session's standard_conforming_strings: whether backslashes
   *     in {@code '..'} are ordinary characters
   */
  public SqlText(CharSequence characters, boolean standardConformingStrings) {
    this.characters = characters;
    this.standardConformingStrings = standardConformingStrings;
  }

  /** Other characters, read with the same setting. */
  public SqlText with(CharSequence others) {
    return new SqlText(others, standardConformingStrings);
  }

  /** A cursor before the first token. */
  public SqlLexer lexer() {
    return lexer(0, length());
  }

  /** A cursor over a statement. */
  public SqlLexer lexer(Statement statement) {
    return lexer(statement.start(), statement.end());
  }

  /** A cursor over a part that begins and ends where a token does. */
  public SqlLexer lexer(int from, int limit) {
    return new SqlLexer(characters, from, limit, standardConformingStrings);
  }

  /** The statements that are not empty, in order. */
  public List<Statement> statements() {
    if (statements == null) {
      statements = StatementSplitter.split(lexer());
    }
    return statements;
  }

  /**
   * Whether it has statements and does not end within the last one: then PostgreSQL would execute
   * nothing of it.
   */
  public boolean isComplete() {
    List<Statement> all = statements();
    return !all.isEmpty() && all.get(all.size() - 1).complete();
  }

  /** The key word that a statement begins with, in lower case; empty if there is none. */
  public String firstWord(Statement statement) {
    SqlLexer lexer = lexer(statement);
    return lexer.next() == TokenKind.IDENTIFIER ? lexer.text().toLowerCase(Locale.ROOT) : "";
  }

  /**
   * The calls of the extensions' functions, in the order in which they begin; none if PostgreSQL
   * would refuse the text for its brackets, or for a constant or comment without its end.
   */
  public List<ExtensionCall> calls() {
    if (calls == null) {
      calls = ExtensionCalls.find(lexer());
    }
    return calls;
  }

  /** The string constants that PostgreSQL is going to execute and that mention the extensions. */
  List<Body> bodies() {
    if (bodies == null) {
      bodies = NestedBodies.find(this);
    }
    return bodies;
  }

  /** The same for somebody who keeps it: bodies take ten times the memory of their characters. */
  public SqlText withoutBodies() {
    SqlText without = with(characters);
    without.statements = statements;
    without.calls = calls;
    return without;
  }

  /** In characters. */
  public int length() {
    return characters.length();
  }

  /** The character at an offset. */
  public char charAt(int offset) {
    return characters.charAt(offset);
  }

  /** The characters from an offset up to another. */
  public String substring(int start, int end) {
    return characters.subSequence(start, end).toString();
  }

  boolean standardConformingStrings() {
    return standardConformingStrings;
  }

  /** The characters. */
  @Override
  public String toString() {
    return characters.toString();
  }
}
