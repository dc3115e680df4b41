package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.protocol.BackendMessages;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Encodes an {@link Answer}: {@code RowDescription} of eight text columns, {@code DataRow}, {@code
 * CommandComplete}, {@code ReadyForQuery}. The payload's bytes are wrapped, not copied, unless they
 * become hexadecimal digits.
 */
final class AnswerEncoder {
  private static final int TEXT_OID = 25;
  private static final List<String> COLUMNS =
      List.of(
          "outcome",
          "status_code",
          "payload",
          "executed_version",
          "log_result",
          "message",
          "detail",
          "hint");
  private static final byte[] ROW_DESCRIPTION = rowDescription();
  private static final byte[] END = end();
  private static final byte[] HEX_DIGITS = "0123456789abcdef".getBytes(US_ASCII);

  private AnswerEncoder() {}

  static ByteBuf encode(ByteBufAllocator alloc, Answer answer, LinkEncoding encoding) {
    ByteBuf head = alloc.buffer();
    head.writeBytes(ROW_DESCRIPTION);
    int dataRow = BackendMessages.begin(head, 'D');
    head.writeShort(COLUMNS.size());
    column(head, plain(answer.outcome()));
    column(head, plain(answer.statusCode()));
    ByteBuf payload = payload(alloc, answer, encoding);
    head.writeInt(payload == null ? -1 : payload.readableBytes());

    ByteBuf tail = alloc.buffer();
    column(tail, plain(answer.executedVersion()));
    column(tail, plain(answer.logResult()));
    column(tail, text(answer.message(), encoding));
    column(tail, text(answer.detail(), encoding));
    column(tail, text(answer.hint(), encoding));
    int payloadOctets = payload == null ? 0 : payload.readableBytes();
    head.setInt(dataRow, head.writerIndex() - dataRow + payloadOctets + tail.writerIndex());
    tail.writeBytes(END);
    return payload == null
        ? alloc.compositeBuffer(2).addComponents(true, head, tail)
        : alloc.compositeBuffer(3).addComponents(true, head, payload, tail);
  }

  private static @Nullable ByteBuf payload(
      ByteBufAllocator alloc, Answer answer, LinkEncoding encoding) {
    if (answer.payload() == null) {
      return null;
    }
    ByteBuf octets = Unpooled.wrappedBuffer(answer.payload());
    if (!encoding.hexadecimal()) {
      return octets;
    }
    ByteBuf digits = alloc.buffer(2 + 2 * octets.readableBytes());
    digits.writeByte('\\').writeByte('x');
    octets.forEachByte(
        octet -> {
          digits.writeByte(HEX_DIGITS[(octet >> 4) & 0xf]).writeByte(HEX_DIGITS[octet & 0xf]);
          return true;
        });
    return digits;
  }

  /** A column that is ASCII by nature. */
  private static byte @Nullable [] plain(@Nullable String text) {
    return text == null ? null : text.getBytes(US_ASCII);
  }

  private static byte @Nullable [] text(@Nullable String text, LinkEncoding encoding) {
    if (text == null) {
      return null;
    }
    // No text in PostgreSQL has a zero character; libpq would end the value there.
    byte[] octets = text.replace('\0', '\ufffd').getBytes(UTF_8);
    return encoding.hexadecimal() ? plain("\\x" + HexFormat.of().formatHex(octets)) : octets;
  }

  private static void column(ByteBuf out, byte @Nullable [] value) {
    if (value == null) {
      out.writeInt(-1);
    } else {
      out.writeInt(value.length);
      out.writeBytes(value);
    }
  }

  private static byte[] rowDescription() {
    ByteBuf out = Unpooled.buffer();
    int start = BackendMessages.begin(out, 'T');
    out.writeShort(COLUMNS.size());
    for (String column : COLUMNS) {
      BackendMessages.string(out, column);
      out.writeInt(0); // no table
      out.writeShort(0); // no attribute of one
      out.writeInt(TEXT_OID);
      out.writeShort(-1); // of any length
      out.writeInt(-1); // no type modifier
      out.writeShort(0); // text format
    }
    BackendMessages.end(out, start);
    return ByteBufUtil.getBytes(out);
  }

  private static byte[] end() {
    ByteBuf out = Unpooled.buffer();
    BackendMessages.commandComplete(out, "SELECT 1");
    BackendMessages.readyForQuery(out);
    return ByteBufUtil.getBytes(out);
  }
}
