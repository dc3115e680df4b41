package dev.pglambda.sql;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The relay's first look at a statement: does it name one of the extensions at all? Nearly all
 * statements do not, so this must cost next to nothing: it allocates nothing, and looks for the
 * {@code s_} that both names have in the same place, eight bytes at a time. A name written with
 * {@code U&} escapes is not found.
 */
public final class MentionScan {
  private static final byte[] LAMBDA = "aws_lambda".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] COMMONS = "aws_commons".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] CALL = "call".getBytes(StandardCharsets.US_ASCII);
  private static final int UNDERSCORE_INDEX = 3;

  private static final long UNDERSCORES = 0x5f5f5f5f5f5f5f5fL;
  private static final long LOWER_S = 0x7373737373737373L;
  private static final long CASE_BITS = 0x2020202020202020L;
  private static final long LOW_BITS = 0x0101010101010101L;
  private static final long HIGH_BITS = 0x8080808080808080L;

  private MentionScan() {}

  /**
   * Whether {@code aws_lambda} or {@code aws_commons} stands, in any case, between the position and
   * limit of a buffer that is text in an encoding whose bytes below 128 are ASCII.
   */
  public static boolean awsExtension(ByteBuffer buffer) {
    boolean littleEndian = buffer.order() == ByteOrder.LITTLE_ENDIAN;
    int limit = buffer.limit();
    int at = buffer.position() + UNDERSCORE_INDEX;
    for (; at + Long.BYTES <= limit; at += Long.BYTES) {
      // A byte of the difference is zero where there is an underscore with an S before it. The
      // usual test for zero bytes finds each, and sometimes one too many, which does no harm.
      long difference =
          (buffer.getLong(at) ^ UNDERSCORES) | ((buffer.getLong(at - 1) | CASE_BITS) ^ LOWER_S);
      long hits = (difference - LOW_BITS) & ~difference & HIGH_BITS;
      while (hits != 0) {
        int index = Long.numberOfTrailingZeros(hits) / Byte.SIZE;
        if (isName(buffer, at + (littleEndian ? index : Long.BYTES - 1 - index))) {
          return true;
        }
        hits &= hits - 1;
      }
    }
    for (; at < limit; at++) {
      if (buffer.get(at) == '_' && isName(buffer, at)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the first word between a buffer's position and limit is CALL, in any case. */
  public static boolean call(ByteBuffer buffer) {
    int at = buffer.position();
    while (at < buffer.limit() && buffer.get(at) <= ' ' && buffer.get(at) > 0) {
      at++;
    }
    return buffer.limit() - at > CALL.length
        && matches(buffer, at, CALL)
        && buffer.get(at + CALL.length) <= ' ';
  }

  private static boolean isName(ByteBuffer buffer, int underscore) {
    int start = underscore - UNDERSCORE_INDEX;
    return matches(buffer, start, LAMBDA) || matches(buffer, start, COMMONS);
  }

  private static boolean matches(ByteBuffer buffer, int start, byte[] name) {
    if (buffer.limit() - start < name.length) {
      return false;
    }
    // From the end: the names differ there, and few words end like them.
    for (int i = name.length - 1; i >= 0; i--) {
      byte b = buffer.get(start + i);
      byte lower = b >= 'A' && b <= 'Z' ? (byte) (b + ('a' - 'A')) : b;
      if (lower != name[i]) {
        return false;
      }
    }
    return true;
  }

  /** Whether a text that mentions an extension may have statements on extensions. */
  public static boolean extensionStatement(String text) {
    return contains(text, "extension");
  }

  /**
   * Whether such a text may have calls of the extensions' functions, whose names can be written
   * with {@code U&} escapes.
   */
  public static boolean functionCall(String text) {
    return contains(text, "invoke")
        || contains(text, "create_lambda_function_arn")
        || contains(text, "u&");
  }

  /** Whether such a text may read a run-time parameter of the extension, in SHOW or a function. */
  public static boolean parameter(String text) {
    return (contains(text, "timeout_ms") || contains(text, "endpoint_override"))
        && (contains(text, "show") || contains(text, "current_setting"));
  }

  /** Whether such a text may read the views of {@link ViewReferences}. */
  public static boolean availableExtensions(String text) {
    return contains(text, "pg_available_extension");
  }

  private static boolean contains(String text, String lowerCase) {
    char lower = lowerCase.charAt(0);
    char upper = (char) (lower - ('a' - 'A'));
    for (int at = 0; at <= text.length() - lowerCase.length(); at++) {
      char c = text.charAt(at);
      if ((c == lower || c == upper)
          && text.regionMatches(true, at, lowerCase, 0, lowerCase.length())) {
        return true;
      }
    }
    return false;
  }
}
