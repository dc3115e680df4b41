package dev.pglambda.protocol;

import io.netty.buffer.ByteBuf;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/**
 * How the bytes of a text in the client's encoding make characters, as far as it matters (manual,
 * "Character Set Support"; the lengths are those of PostgreSQL's src/common/wchar.c).
 */
public enum ClientEncoding {
  /** One byte for each character; also what is not known. */
  SINGLE_BYTE,
  /** UTF8. */
  UTF8,
  /** EUC_JP, EUC_JIS_2004 and EUC_KR; to PostgreSQL also JOHAB. */
  EUC,
  /** EUC_TW. */
  EUC_TW,
  /** BIG5, EUC_CN, GBK and UHC. */
  TWO_BYTES,
  /** GB18030. */
  GB18030,
  /** SJIS and SHIFT_JIS_2004. */
  SHIFT_JIS;

  private static final int SINGLE_SHIFT_2 = 0x8e;
  private static final int SINGLE_SHIFT_3 = 0x8f;

  /** What is added to a byte below 128 that is not the first of its character. */
  private static final char LIFT = 0x100;

  private static final char LIFT_END = LIFT + 128;

  /** The encoding with a name as the server reports it in client_encoding. */
  public static ClientEncoding named(String name) {
    return switch (name) {
      case "UTF8" -> UTF8;
      case "EUC_JP", "EUC_JIS_2004", "EUC_KR", "JOHAB" -> EUC;
      case "EUC_TW" -> EUC_TW;
      case "BIG5", "EUC_CN", "GBK", "UHC" -> TWO_BYTES;
      case "GB18030" -> GB18030;
      case "SJIS", "SHIFT_JIS_2004" -> SHIFT_JIS;
      default -> SINGLE_BYTE;
    };
  }

  /**
   * What reads and writes the encoding with a name as the server reports it; US-ASCII if Java does
   * not know it. For people to read: some of their characters are others to PostgreSQL.
   */
  public static Charset charset(String name) {
    String known =
        switch (name) {
          case "UTF8", "SQL_ASCII" -> "UTF-8";
          case "LATIN5" -> "ISO-8859-9";
          case "LATIN6" -> "ISO-8859-10";
          case "LATIN7" -> "ISO-8859-13";
          case "LATIN8" -> "ISO-8859-14";
          case "LATIN9" -> "ISO-8859-15";
          case "LATIN10" -> "ISO-8859-16";
          case "WIN866" -> "IBM866";
          case "WIN874" -> "x-windows-874";
          case "KOI8R" -> "KOI8-R";
          case "KOI8U" -> "KOI8-U";
          case "EUC_CN" -> "GB2312";
          case "EUC_TW" -> "x-EUC-TW";
          case "JOHAB" -> "x-Johab";
          case "SJIS" -> "windows-31j";
          case "UHC" -> "x-windows-949";
          default ->
              name.replace("LATIN", "ISO-8859-")
                  .replace("WIN", "windows-")
                  .replaceAll("[^0-9A-Za-z]", "-");
        };
    return Charset.isSupported(known) ? Charset.forName(known) : StandardCharsets.US_ASCII;
  }

  /**
   * A text with one {@code char} per byte, in which those below 128 are ASCII characters: any other
   * byte below 128 has become a {@code char} above 255, until {@link #restored}.
   */
  public String read(ByteBuf buffer, int index, int length) {
    String text = buffer.toString(index, length, StandardCharsets.ISO_8859_1);
    return switch (this) {
      case SINGLE_BYTE, UTF8, EUC, EUC_TW -> text;
      case TWO_BYTES, GB18030, SHIFT_JIS -> lifted(text);
    };
  }

  private String lifted(String text) {
    StringBuilder lifted = new StringBuilder(text);
    int at = 0;
    while (at < text.length()) {
      int end = next(text, at);
      for (int following = at + 1; following < end; following++) {
        if (text.charAt(following) < 128) {
          lifted.setCharAt(following, (char) (text.charAt(following) + LIFT));
        }
      }
      at = end;
    }
    return lifted.toString();
  }

  /** The text with the bytes of the client's encoding, of one that was made from {@link #read}. */
  public static String restored(String text) {
    int at = 0;
    while (at < text.length() && text.charAt(at) < LIFT) {
      at++;
    }
    if (at == text.length()) {
      return text;
    }
    StringBuilder restored = new StringBuilder(text);
    for (; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c >= LIFT && c < LIFT_END) {
        restored.setCharAt(at, (char) (c - LIFT));
      }
    }
    return restored.toString();
  }

  /** How many characters begin in a part of a text that begins with one. */
  public int characters(String text, int start, int end) {
    if (this == SINGLE_BYTE) {
      return end - start;
    }
    int characters = 0;
    for (int at = start; at < end; at = next(text, at)) {
      characters++;
    }
    return characters;
  }

  /**
   * The offset at which a text's character of that number begins, counted from 0; past the text's
   * end, every character has one byte.
   */
  public int offset(String text, int characters) {
    int at = 0;
    int left = characters;
    while (left > 0 && at < text.length()) {
      at = next(text, at);
      left--;
    }
    return at + left;
  }

  /** The offset just past the character that begins at an offset. */
  private int next(String text, int at) {
    int first = text.charAt(at);
    return first < 128 ? at + 1 : Math.min(at + length(first, text, at), text.length());
  }

  private int length(int first, String text, int at) {
    return switch (this) {
      case SINGLE_BYTE -> 1;
      case UTF8 -> first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
      case EUC -> first == SINGLE_SHIFT_3 ? 3 : 2;
      case EUC_TW -> first == SINGLE_SHIFT_2 ? 4 : first == SINGLE_SHIFT_3 ? 3 : 2;
      case TWO_BYTES -> 2;
      case GB18030 -> isDigit(text, at + 1) ? 4 : 2;
      case SHIFT_JIS -> first >= 0xa1 && first <= 0xdf ? 1 : 2;
    };
  }

  private static boolean isDigit(String text, int at) {
    int digit = at < text.length() ? text.charAt(at) & 0xff : 0;
    return digit >= '0' && digit <= '9';
  }
}
