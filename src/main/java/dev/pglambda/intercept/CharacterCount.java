package dev.pglambda.intercept;

/**
 * Characters in a text that has one {@code char} per byte. PostgreSQL counts positions in
 * characters; in the multi-byte encodings but UTF8 they are not counted here, and every byte is
 * taken for one.
 */
public final class CharacterCount {
  private CharacterCount() {}

  /** How many characters begin in a part of a text. */
  public static int of(String text, int start, int end, boolean utf8) {
    if (!utf8) {
      return end - start;
    }
    int characters = 0;
    for (int at = start; at < end; at++) {
      characters += isContinuation(text.charAt(at)) ? 0 : 1;
    }
    return characters;
  }

  /** The offset at which a text's character of that number begins, counted from 0. */
  static int offset(String text, int characters, boolean utf8) {
    int at = 0;
    int left = characters;
    while (at < text.length() && (left > 0 || (utf8 && isContinuation(text.charAt(at))))) {
      left -= utf8 && isContinuation(text.charAt(at)) ? 0 : 1;
      at++;
    }
    return at + left;
  }

  private static boolean isContinuation(char octet) {
    return (octet & 0xC0) == 0x80;
  }
}
