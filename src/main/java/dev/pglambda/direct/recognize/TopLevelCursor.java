package dev.pglambda.direct.recognize;

import dev.pglambda.sql.ExtensionCall;
import dev.pglambda.sql.ReservedWords;
import dev.pglambda.sql.SqlLexer;
import dev.pglambda.sql.SqlText;
import dev.pglambda.sql.TokenKind;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A cursor over a part of a text that takes brackets with all that is in them as one step, and a
 * call of one of the extensions' functions as one, too. Its cost is linear in the length of the
 * part.
 */
final class TopLevelCursor {
  private final SqlText text;
  private final int limit;
  private final Map<Integer, ExtensionCall> calls;

  private SqlLexer lexer;
  private int start;
  private int end;
  private int previousEnd;
  private @Nullable ExtensionCall call;
  private boolean brackets;
  private boolean broken;

  /** Whether a word is a name here even if it is a key word: behind a dot and behind AS. */
  private boolean label;

  /** The key words of the steps before, the latest first; null for a step that was none. */
  private @Nullable String first;

  private @Nullable String second;
  private @Nullable String third;

  /** From where a token begins up to where one ends; the text's calls are known by their starts. */
  TopLevelCursor(SqlText text, int from, int limit, Map<Integer, ExtensionCall> calls) {
    this.text = text;
    this.end = from;
    this.limit = limit;
    this.calls = calls;
    this.lexer = text.lexer(from, limit);
  }

  /** Moves on by one step. */
  void next() {
    third = second;
    second = first;
    first = keyword();
    label = is('.') || "as".equals(first);
    previousEnd = end;
    lexer.next();
    start = lexer.start();
    call = lexer.kind().isIdentifier() ? calls.get(start) : null;
    brackets = lexer.is('(') || lexer.is('[');
    if (call != null) {
      lexer = text.lexer(call.end(), limit);
      end = call.end();
    } else {
      skipBrackets();
      end = lexer.end();
    }
  }

  /** Moves the lexer to the bracket that closes the one it is at. */
  private void skipBrackets() {
    int open = 0;
    do {
      if (lexer.is('(') || lexer.is('[')) {
        open++;
      } else if (lexer.is(')') || lexer.is(']')) {
        open--;
      }
    } while (open > 0 && lexer.next() != TokenKind.END);
    broken |= open != 0;
  }

  /** Whether the part has ended. */
  boolean atEnd() {
    return call == null && lexer.kind() == TokenKind.END;
  }

  /** Whether a bracket so far has not had its counterpart within the part. */
  boolean isBroken() {
    return broken;
  }

  int start() {
    return start;
  }

  int end() {
    return end;
  }

  /** Offset just past the step before; at first, where the part begins. */
  int previousEnd() {
    return previousEnd;
  }

  /** The call, if that is what the cursor is at. */
  @Nullable ExtensionCall call() {
    return call;
  }

  /** Whether the cursor is at parentheses, with what is in them. */
  boolean isParentheses() {
    return brackets && text.charAt(start) == '(';
  }

  /** Whether the cursor is at this character, which is no bracket. */
  boolean is(char character) {
    return isToken() && lexer.is(character);
  }

  /** Whether the cursor is at a name; it may be a key word. */
  boolean isIdentifier() {
    return isToken() && lexer.kind().isIdentifier();
  }

  /** Whether the cursor is at what can be the name of a column, table or schema. */
  boolean isColumnName() {
    String word = word();
    return word == null ? isIdentifier() : ReservedWords.isColumnName(word);
  }

  /** The name at the cursor, unquoted and folded; null if it is none, or cannot be decoded. */
  @Nullable String identifier() {
    return isToken() ? lexer.identifier() : null;
  }

  /** The unquoted word at the cursor in lower case; null if it is at none. */
  private @Nullable String word() {
    return isToken() && lexer.kind() == TokenKind.IDENTIFIER ? lexer.identifier() : null;
  }

  private @Nullable String keyword() {
    return label ? null : word();
  }

  /** Whether the cursor is at this word, unquoted, even where it would be a name. */
  boolean isWord(String word) {
    return isToken() && lexer.isKeyword(word);
  }

  /** Moves on if the cursor is at this word. */
  boolean take(String word) {
    return take(isWord(word));
  }

  /** Moves on if the cursor is at this character. */
  boolean take(char character) {
    return take(is(character));
  }

  /** Moves on if the cursor is at a name. */
  boolean takeName() {
    return take(isIdentifier());
  }

  /** Moves on if the cursor is at parentheses. */
  boolean takeParentheses() {
    return take(isParentheses());
  }

  private boolean take(boolean taken) {
    if (taken) {
      next();
    }
    return taken;
  }

  /** Moves to the next of these key words, or to the end. */
  void skipTo(Set<String> keywords) {
    while (!atEnd() && !isKeyword(keywords)) {
      next();
    }
  }

  /** Whether the cursor is at this key word, and not where it would be a name. */
  boolean isKeyword(String keyword) {
    return !label && isWord(keyword);
  }

  /** Whether the cursor is at one of these key words, and not where it would be a name. */
  boolean isKeyword(Set<String> keywords) {
    String keyword = keyword();
    return keyword != null && keywords.contains(keyword);
  }

  /** Whether the cursor is at a FROM that begins a clause, and is not of IS [NOT] DISTINCT FROM. */
  boolean isFrom() {
    boolean comparison = "distinct".equals(first) && ("is".equals(second) || "not".equals(second));
    return !comparison && isKeyword("from");
  }

  /** Whether this was the key word of the step before. */
  boolean isBehind(String word) {
    return word.equals(first);
  }

  /** Whether these were the key words of the three steps before. */
  boolean isBehind(String earliest, String middle, String latest) {
    return earliest.equals(third) && middle.equals(second) && latest.equals(first);
  }

  private boolean isToken() {
    return call == null && !brackets;
  }
}
