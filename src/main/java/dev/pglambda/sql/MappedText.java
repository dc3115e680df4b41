package dev.pglambda.sql;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A text in which statements stand: the client's own, or the value of a string constant in another
 * such text. It knows where each of its characters is written in the client's text.
 */
final class MappedText {
  private final @Nullable MappedText outer;
  private final int offset;
  private final SqlText text;
  private final int[] starts;
  private final int[] ends;

  /**
   * The value of a string constant.
   *
   * @param outer the text that has the constant; null: this is the client's text
   * @param offset where, in the outer text, the part begins from which the other offsets count
   * @param text the value
   * @param starts for each character of the value, where in that part it begins; empty: the value
   *     is written as it is
   * @param ends for each character of the value, the offset just past it in that part
   */
  MappedText(@Nullable MappedText outer, int offset, SqlText text, int[] starts, int[] ends) {
    this.outer = outer;
    this.offset = offset;
    this.text = text;
    this.starts = starts;
    this.ends = ends;
  }

  /** The client's text. */
  static MappedText of(SqlText text) {
    return new MappedText(null, 0, text, new int[0], new int[0]);
  }

  SqlText text() {
    return text;
  }

  /** Whether this is the value of a string constant, not the client's text. */
  boolean isNested() {
    return outer != null;
  }

  /** Where a character of this text begins in the client's text. */
  int start(int index) {
    int at = startInOuter(index);
    return outer == null ? at : outer.start(at);
  }

  private int startInOuter(int index) {
    return offset + (starts.length == 0 ? index : starts[index]);
  }

  /**
   * The offset in the client's text just past the character that stands before an offset, greater
   * than 0, of this text.
   */
  int end(int end) {
    int at = offset + (ends.length == 0 ? end : ends[end - 1]);
    return outer == null ? at : outer.end(at);
  }

  /**
   * Whether what is written before a character would go on with another one in its place: an escape
   * such as {@code \xA} takes one more hexadecimal digit.
   */
  boolean goesOnFrom(int index) {
    if (outer == null) {
      return false;
    }
    int at = startInOuter(index);
    boolean escape =
        at >= 3
            && outer.text.charAt(at - 3) == '\\'
            && SqlCharacters.lower(outer.text.charAt(at - 2)) == 'x'
            && SqlCharacters.digit(outer.text.charAt(at - 1), 16) >= 0;
    return (escape && starts.length > 0) || outer.goesOnFrom(at);
  }

  /**
   * The value of the string constant at the cursor; null if it names none of the extensions, is in
   * quotes of a block of the proxy's, or of a kind that is not looked into ({@code U&''}).
   */
  @Nullable MappedText constant(SqlLexer lexer) {
    String token = lexer.text();
    String lower = token.toLowerCase(Locale.ROOT);
    if (token.startsWith(TextFormat.OWN_QUOTES)
        || !(lower.contains("aws_lambda") || lower.contains("aws_commons"))) {
      return null;
    }
    return switch (lexer.kind()) {
      case DOLLAR_STRING -> {
        int delimiter = token.indexOf('$', 1) + 1;
        SqlText value = text.with(token.substring(delimiter, token.length() - delimiter));
        yield new MappedText(this, lexer.start() + delimiter, value, new int[0], new int[0]);
      }
      case STRING, ESCAPE_STRING -> {
        LiteralDecoder.Mapped value =
            LiteralDecoder.mapped(token, lexer.kind(), text.standardConformingStrings());
        yield new MappedText(
            this, lexer.start(), text.with(value.value()), value.starts(), value.ends());
      }
      default -> null;
    };
  }
}
