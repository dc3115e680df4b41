package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.protocol.BackendMessage.Column;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.BackendMessage.RowDescription;
import dev.pglambda.protocol.MessageWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Encodes an {@link Answer}: {@code RowDescription} of eight text columns, {@code DataRow}, {@code
 * CommandComplete}, {@code ReadyForQuery}. The payload's bytes are wrapped, not copied, unless they
 * become hexadecimal digits.
 */
final class AnswerEncoder {
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
  private static final RowDescription ROW_DESCRIPTION =
      new RowDescription(COLUMNS.stream().map(Column::text).toList());
  private static final byte[] HEX_DIGITS = "0123456789abcdef".getBytes(US_ASCII);

  private AnswerEncoder() {}

  static ByteBuf encode(ByteBufAllocator alloc, Answer answer, LinkEncoding encoding) {
    List<@Nullable ByteBuf> row = new ArrayList<>();
    row.add(plain(answer.outcome()));
    row.add(plain(answer.statusCode()));
    row.add(payload(alloc, answer, encoding));
    row.add(plain(answer.executedVersion()));
    row.add(plain(answer.logResult()));
    row.add(text(answer.message(), encoding));
    row.add(text(answer.detail(), encoding));
    row.add(text(answer.hint(), encoding));
    return new MessageWriter(alloc.buffer(), UTF_8)
        .write(ROW_DESCRIPTION)
        .row(row)
        .write(new CommandComplete("SELECT 1"))
        .write(new ReadyForQuery(ReadyForQuery.IDLE))
        .toBuffer();
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
  private static @Nullable ByteBuf plain(@Nullable String text) {
    return text == null ? null : Unpooled.wrappedBuffer(text.getBytes(US_ASCII));
  }

  private static @Nullable ByteBuf text(@Nullable String text, LinkEncoding encoding) {
    if (text == null) {
      return null;
    }
    // No text in PostgreSQL has a zero character; libpq would end the value there.
    byte[] octets = text.replace('\0', '\ufffd').getBytes(UTF_8);
    return encoding.hexadecimal()
        ? plain("\\x" + HexFormat.of().formatHex(octets))
        : Unpooled.wrappedBuffer(octets);
  }
}
