package dev.pglambda.sql;

import org.jspecify.annotations.Nullable;

/**
 * The values of quoted tokens. Escapes are decoded only where they stand for ASCII characters: what
 * others are depends on the server's encoding.
 */
final class LiteralDecoder {
  /** Stands for a character of which only the server knows the bytes; no byte is this char. */
  static final char UNKNOWN = '\ufffd';

  private static final int INVALID = -1;

  private final CharSequence token;
  private final StringBuilder value = new StringBuilder();

  /** Where each character of the value is written in the token; empty if nobody asks for it. */
  private int[] starts = {};

  private int[] ends = {};
  private int at;
  private boolean failed;

  private LiteralDecoder(CharSequence token, int at) {
    this.token = token;
    this.at = at;
  }

  /** The name of an identifier token, or null if its escapes cannot be decoded. */
  static @Nullable String identifier(CharSequence token, TokenKind kind) {
    if (kind == TokenKind.IDENTIFIER) {
      StringBuilder folded = new StringBuilder(token);
      for (int i = 0; i < folded.length(); i++) {
        folded.setCharAt(i, SqlCharacters.lower(folded.charAt(i)));
      }
      return folded.toString();
    }
    if (kind == TokenKind.QUOTED_IDENTIFIER) {
      return new LiteralDecoder(token, 1).quoted('"', false).result();
    }
    LiteralDecoder decoder = new LiteralDecoder(token, 3).quoted('"', false);
    return unicode(decoder.value, decoder.uescape());
  }

  /** The value of a string constant, or null if its escapes cannot be decoded. */
  static @Nullable String string(
      CharSequence token, TokenKind kind, boolean standardConformingStrings) {
    if (kind == TokenKind.DOLLAR_STRING) {
      int delimiter = token.toString().indexOf('$', 1) + 1;
      return token.subSequence(delimiter, token.length() - delimiter).toString();
    }
    if (kind == TokenKind.UNICODE_STRING) {
      LiteralDecoder decoder = new LiteralDecoder(token, 3).quoted('\'', false);
      return unicode(decoder.value, decoder.uescape());
    }
    boolean prefixed = kind == TokenKind.ESCAPE_STRING;
    return new LiteralDecoder(token, prefixed ? 2 : 1)
        .quoted('\'', prefixed || !standardConformingStrings)
        .result();
  }

  /**
   * A value, and where each of its characters begins and ends in its token.
   *
   * @param starts may be longer than the value, as {@code ends}
   */
  @SuppressWarnings("ArrayRecordComponent") // as long as a body, and nobody compares them
  record Mapped(String value, int[] starts, int[] ends) {}

  /**
   * The value of a {@code '..'} or {@code E'..'} constant, with {@link #UNKNOWN} where an escape
   * cannot be decoded.
   */
  static Mapped mapped(CharSequence token, TokenKind kind, boolean standardConformingStrings) {
    boolean prefixed = kind == TokenKind.ESCAPE_STRING;
    LiteralDecoder decoder = new LiteralDecoder(token, prefixed ? 2 : 1);
    decoder.starts = new int[token.length()];
    decoder.ends = new int[token.length()];
    decoder.quoted('\'', prefixed || !standardConformingStrings);
    return new Mapped(decoder.value.toString(), decoder.starts, decoder.ends);
  }

  /** Whether UESCAPE takes this character. */
  static boolean isUnicodeEscape(char c) {
    return c != '\0'
        && SqlCharacters.digit(c, 16) < 0
        && c != '+'
        && c != '\''
        && c != '"'
        && !SqlCharacters.isSpace(c);
  }

  /** Reads from behind the opening quote to behind the closing one, over all continuations. */
  private LiteralDecoder quoted(char quote, boolean backslashes) {
    while (at < token.length()) {
      int from = at;
      int decoded = value.length();
      char c = token.charAt(at);
      if (c == '\\' && backslashes) {
        backslash();
      } else if (c != quote) {
        value.append(c);
        at++;
      } else if (at + 1 < token.length() && token.charAt(at + 1) == quote) {
        value.append(quote);
        at += 2;
      } else {
        at++;
        int continued = quote == '\'' ? Trivia.continuation(token, at, token.length()) : -1;
        if (continued < 0) {
          break;
        }
        at = continued;
      }
      if (decoded < value.length() && starts.length > 0) {
        starts[decoded] = from;
        ends[decoded] = at;
      }
    }
    return this;
  }

  private @Nullable String result() {
    return failed ? null : value.toString();
  }

  /** The character UESCAPE names, or the default. */
  private char uescape() {
    return at < token.length() ? token.charAt(token.length() - 2) : '\\';
  }

  private void backslash() {
    char c = token.charAt(at + 1);
    at += 2;
    switch (c) {
      case 'b' -> value.append('\b');
      case 'f' -> value.append('\f');
      case 'n' -> value.append('\n');
      case 'r' -> value.append('\r');
      case 't' -> value.append('\t');
      case 'v' -> value.append('\u000b');
      case 'x' -> hexadecimal();
      case 'u' -> ascii(digits(4, 4, 16));
      case 'U' -> ascii(digits(8, 8, 16));
      case '0', '1', '2', '3', '4', '5', '6', '7' -> {
        at--;
        ascii(digits(1, 3, 8) & 0xff); // scan.l: an unsigned char
      }
      default -> value.append(c);
    }
  }

  private void hexadecimal() {
    int code = digits(1, 2, 16);
    if (code == INVALID) {
      value.append('x');
    } else {
      ascii(code);
    }
  }

  private void ascii(int code) {
    if (code <= 0 || code > 127) {
      failed = true;
      value.append(UNKNOWN);
    } else {
      value.append((char) code);
    }
  }

  /** Reads digits of a radix: their number, or {@link #INVALID} if there are too few. */
  private int digits(int least, int most, int radix) {
    int number = 0;
    int count = 0;
    while (count < most && at < token.length()) {
      int digit = SqlCharacters.digit(token.charAt(at), radix);
      if (digit < 0) {
        break;
      }
      number = number * radix + digit;
      count++;
      at++;
    }
    return count < least ? INVALID : number;
  }

  /** Decodes the escapes of {@code U&} text: {@code \XXXX}, {@code \+XXXXXX}, {@code \\}. */
  private static @Nullable String unicode(CharSequence body, char escape) {
    LiteralDecoder decoder = new LiteralDecoder(body, 0);
    while (decoder.at < body.length()) {
      char c = body.charAt(decoder.at++);
      if (c != escape) {
        decoder.value.append(c);
      } else if (decoder.at < body.length() && body.charAt(decoder.at) == escape) {
        decoder.value.append(escape);
        decoder.at++;
      } else if (decoder.at < body.length() && body.charAt(decoder.at) == '+') {
        decoder.at++;
        decoder.ascii(decoder.digits(6, 6, 16));
      } else {
        decoder.ascii(decoder.digits(4, 4, 16));
      }
    }
    return decoder.result();
  }
}
