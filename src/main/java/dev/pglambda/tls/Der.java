package dev.pglambda.tls;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The distinguished encoding rules of ASN.1 (X.690), as far as keys and certificates of ours need
 * them. The JDK reads both forms but writes neither.
 */
final class Der {
  static final int BOOLEAN = 0x01;
  static final int BIT_STRING = 0x03;
  static final int OCTET_STRING = 0x04;
  static final int OID = 0x06;
  static final int UTF8_STRING = 0x0c;
  static final int UTC_TIME = 0x17;
  static final int GENERALIZED_TIME = 0x18;
  static final int SEQUENCE = 0x30;
  static final int SET = 0x31;

  /** A tag of the class that each type numbers for itself, for a simple value. */
  static final int CONTEXT = 0x80;

  /** The same for a value that consists of others. */
  static final int CONTEXT_CONSTRUCTED = 0xa0;

  private static final int INTEGER = 0x02;
  private static final int NULL = 0x05;
  private static final int LONG_FORM = 0x80;

  private Der() {}

  /** A value, the parts of which are encoded already. */
  static byte[] value(int tag, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      content.writeBytes(part);
    }
    ByteArrayOutputStream value = new ByteArrayOutputStream();
    value.write(tag);
    writeLength(value, content.size());
    value.writeBytes(content.toByteArray());
    return value.toByteArray();
  }

  private static void writeLength(ByteArrayOutputStream out, int length) {
    if (length < LONG_FORM) {
      out.write(length);
    } else {
      byte[] bytes = BigInteger.valueOf(length).toByteArray();
      int from = bytes[0] == 0 ? 1 : 0;
      out.write(LONG_FORM | (bytes.length - from));
      out.write(bytes, from, bytes.length - from);
    }
  }

  static byte[] sequence(byte[]... parts) {
    return value(SEQUENCE, parts);
  }

  static byte[] integer(BigInteger number) {
    return value(INTEGER, number.toByteArray());
  }

  static byte[] nothing() {
    return value(NULL);
  }

  /** A string of whole bytes. */
  static byte[] bits(byte[] bytes) {
    return value(BIT_STRING, new byte[] {0}, bytes);
  }

  /** An object identifier, for example {@code 2.5.29.17}. */
  static byte[] oid(String dotted) {
    long[] numbers = Arrays.stream(dotted.split("\\.", -1)).mapToLong(Long::parseLong).toArray();
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    writeBase128(content, numbers[0] * 40 + numbers[1]);
    for (int i = 2; i < numbers.length; i++) {
      writeBase128(content, numbers[i]);
    }
    return value(OID, content.toByteArray());
  }

  private static void writeBase128(ByteArrayOutputStream out, long number) {
    int bits = Math.max(1, Long.SIZE - Long.numberOfLeadingZeros(number));
    for (int shift = (bits - 1) / 7 * 7; shift >= 0; shift -= 7) {
      out.write((int) (number >>> shift & 0x7f) | (shift > 0 ? 0x80 : 0));
    }
  }

  /**
   * The content of the first part of a sequence that has the tag; throws IllegalArgumentException
   * if there is none or the bytes are no sequence.
   */
  static byte[] part(byte[] sequence, int tag) {
    ByteBuffer outer = ByteBuffer.wrap(sequence);
    ByteBuffer parts = ByteBuffer.wrap(content(outer, SEQUENCE));
    while (parts.hasRemaining()) {
      int next = parts.get(parts.position()) & 0xff;
      byte[] content = content(parts, next);
      if (next == tag) {
        return content;
      }
    }
    throw new IllegalArgumentException("a part is missing");
  }

  private static byte[] content(ByteBuffer in, int tag) {
    if (in.remaining() < 2 || (in.get() & 0xff) != tag) {
      throw new IllegalArgumentException("another type");
    }
    int length = in.get() & 0xff;
    if (length >= LONG_FORM) {
      int bytes = length & 0x7f;
      length = 0;
      for (int i = 0; i < bytes && in.hasRemaining() && length < 1 << 20; i++) {
        length = length << 8 | (in.get() & 0xff);
      }
    }
    if (length > in.remaining()) {
      throw new IllegalArgumentException("too short");
    }
    byte[] content = new byte[length];
    in.get(content);
    return content;
  }
}
