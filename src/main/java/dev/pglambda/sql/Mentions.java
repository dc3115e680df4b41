package dev.pglambda.sql;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The relay's first look at a statement: does it name one of the extensions at all? Nearly all
 * statements do not, so this must cost next to nothing; it allocates nothing and skips most bytes
 * (Horspool's search for both names at once). A name written with {@code U&} escapes is not found.
 */
public final class Mentions {
  private static final byte[] LAMBDA = "aws_lambda".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] COMMONS = "aws_commons".getBytes(StandardCharsets.US_ASCII);

  /** Length of the shorter name: both are searched for by their first so many bytes. */
  private static final int WINDOW = LAMBDA.length;

  /** By how much the window may move on, given its last byte; 0 if a name may be in it. */
  private static final byte[] SHIFTS = shifts();

  private Mentions() {}

  private static byte[] shifts() {
    byte[] shifts = new byte[256];
    for (int b = 0; b < shifts.length; b++) {
      int shift = WINDOW;
      for (int i = 0; i < WINDOW; i++) {
        if (lower((byte) b) == LAMBDA[i] || lower((byte) b) == COMMONS[i]) {
          shift = WINDOW - 1 - i;
        }
      }
      shifts[b] = (byte) shift;
    }
    return shifts;
  }

  /**
   * Whether {@code aws_lambda} or {@code aws_commons} stands in a range of bytes, in any case.
   *
   * @param bytes text in any encoding whose bytes below 128 are ASCII
   * @param offset where the range begins
   * @param length how many bytes it has
   */
  public static boolean awsExtension(byte[] bytes, int offset, int length) {
    int limit = offset + length;
    int last = offset + WINDOW - 1;
    while (last < limit) {
      int shift = SHIFTS[bytes[last] & 0xff];
      if (shift == 0) {
        int start = last - WINDOW + 1;
        if (matches(bytes, start, limit, LAMBDA) || matches(bytes, start, limit, COMMONS)) {
          return true;
        }
        shift = 1;
      }
      last += shift;
    }
    return false;
  }

  /**
   * The same for the bytes between a buffer's position and limit, which stay as they are.
   *
   * @param buffer text in any encoding whose bytes below 128 are ASCII
   */
  public static boolean awsExtension(ByteBuffer buffer) {
    if (buffer.hasArray()) {
      int offset = buffer.arrayOffset() + buffer.position();
      return awsExtension(buffer.array(), offset, buffer.remaining());
    }
    int limit = buffer.limit();
    int last = buffer.position() + WINDOW - 1;
    while (last < limit) {
      int shift = SHIFTS[buffer.get(last) & 0xff];
      if (shift == 0) {
        int start = last - WINDOW + 1;
        if (matches(buffer, start, limit, LAMBDA) || matches(buffer, start, limit, COMMONS)) {
          return true;
        }
        shift = 1;
      }
      last += shift;
    }
    return false;
  }

  private static boolean matches(byte[] bytes, int start, int limit, byte[] name) {
    if (limit - start < name.length) {
      return false;
    }
    for (int i = 0; i < name.length; i++) {
      if (lower(bytes[start + i]) != name[i]) {
        return false;
      }
    }
    return true;
  }

  private static boolean matches(ByteBuffer bytes, int start, int limit, byte[] name) {
    if (limit - start < name.length) {
      return false;
    }
    for (int i = 0; i < name.length; i++) {
      if (lower(bytes.get(start + i)) != name[i]) {
        return false;
      }
    }
    return true;
  }

  private static byte lower(byte b) {
    return b >= 'A' && b <= 'Z' ? (byte) (b + ('a' - 'A')) : b;
  }
}
