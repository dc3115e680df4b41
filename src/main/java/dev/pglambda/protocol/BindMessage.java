package dev.pglambda.protocol;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A client's Bind, so that it can be sent again with more parameters (PostgreSQL manual, "Message
 * Formats"): {@code String portal, String statement, Int16 n, Int16[n] formats, Int16 m, (Int32
 * length, value)[m], Int16 k, Int16[k] result formats}. Immutable.
 */
public final class BindMessage {
  private static final short BINARY = 1;

  private final byte[] octets;
  private final int portalEnd;
  private final int statementEnd;
  private final int formats;
  private final int parameters;
  private final int resultFormats;

  private BindMessage(
      byte[] octets,
      int portalEnd,
      int statementEnd,
      int formats,
      int parameters,
      int resultFormats) {
    this.octets = octets;
    this.portalEnd = portalEnd;
    this.statementEnd = statementEnd;
    this.formats = formats;
    this.parameters = parameters;
    this.resultFormats = resultFormats;
  }

  /** One without parameters, for results in text format. */
  public static final BindMessage EMPTY = new BindMessage(new byte[8], 0, 1, 2, 4, 6);

  /**
   * Reads one.
   *
   * @param frame a complete frame; not consumed
   * @return null if it is malformed, or has a wrong number of formats
   */
  public static @Nullable BindMessage read(ByteBuf frame) {
    byte[] octets = new byte[frame.readableBytes() - Frame.HEADER_LENGTH];
    frame.getBytes(frame.readerIndex() + Frame.HEADER_LENGTH, octets);
    Cursor cursor = new Cursor(octets);
    int portalEnd = cursor.string();
    int statementEnd = cursor.string();
    int formats = cursor.at;
    int formatCount = cursor.count();
    cursor.skip(Short.BYTES * formatCount);
    int parameters = cursor.at;
    int count = cursor.count();
    if (formatCount > 1 && formatCount != count) {
      return null;
    }
    for (int left = count; left > 0; left--) {
      cursor.skip(Math.max(cursor.length(), 0));
    }
    int resultFormats = cursor.at;
    cursor.skip(Short.BYTES * cursor.count());
    return cursor.at == octets.length
        ? new BindMessage(octets, portalEnd, statementEnd, formats, parameters, resultFormats)
        : null;
  }

  /** Names have one {@code char} per byte. */
  public String portal() {
    return name(0, portalEnd);
  }

  public String statement() {
    return name(portalEnd + 1, statementEnd);
  }

  private String name(int from, int end) {
    return new String(octets, from, end - from, java.nio.charset.StandardCharsets.ISO_8859_1);
  }

  /** Length of its body. */
  public int octets() {
    return octets.length;
  }

  public int parameterCount() {
    return unsignedShort(parameters);
  }

  private int unsignedShort(int at) {
    return (octets[at] & 0xff) << 8 | (octets[at + 1] & 0xff);
  }

  /**
   * Writes the body of a Bind with more parameters, in binary format.
   *
   * @param portal name, instead of this one's
   * @param statement name, instead of this one's
   * @param more values; null is NULL
   * @param binaryResults whether all results are to be in binary format, not as this one asks
   */
  public void write(
      ByteBuf out,
      String portal,
      String statement,
      List<byte @Nullable []> more,
      boolean binaryResults) {
    Frames.string(Frames.string(out, portal), statement);
    int given = unsignedShort(formats);
    int count = parameterCount();
    out.writeShort(count + more.size());
    for (int i = 0; i < count; i++) {
      int format = given == 0 ? 0 : unsignedShort(formats + Short.BYTES * (given == 1 ? 1 : i + 1));
      out.writeShort(format);
    }
    more.forEach(value -> out.writeShort(BINARY));
    out.writeShort(count + more.size());
    int values = parameters + Short.BYTES;
    out.writeBytes(octets, values, resultFormats - values);
    for (byte @Nullable [] value : more) {
      Frames.value(out, value);
    }
    if (binaryResults) {
      out.writeShort(1).writeShort(BINARY);
    } else {
      out.writeBytes(octets, resultFormats, octets.length - resultFormats);
    }
  }

  /** Reads on; past the end it stays there, one behind. */
  private static final class Cursor {
    private final byte[] octets;
    private int at;

    Cursor(byte[] octets) {
      this.octets = octets;
    }

    int string() {
      int end = at;
      while (end < octets.length && octets[end] != 0) {
        end++;
      }
      at = end + 1;
      return end;
    }

    void skip(int count) {
      at = count > octets.length - at ? octets.length + 1 : at + count;
    }

    int count() {
      int begin = at;
      skip(Short.BYTES);
      return at > octets.length ? 0 : (octets[begin] & 0xff) << 8 | (octets[begin + 1] & 0xff);
    }

    int length() {
      int begin = at;
      skip(Integer.BYTES);
      return at > octets.length ? 0 : java.nio.ByteBuffer.wrap(octets).getInt(begin);
    }
  }
}
