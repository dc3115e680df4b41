package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.protocol.BackendMessage.Column;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.BackendMessage.RowDescription;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.SqlError;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The row that answers a request (docs/development/callback-protocol.md, "The callback protocol").
 *
 * @param outcome {@code hello}, {@code ok}, {@code pending}, {@code stale} or a SQLSTATE
 * @param statusCode HTTP status in digits, or null
 * @param payload text in UTF-8, or null; not modified
 * @param executedVersion version that ran, or null
 * @param logResult end of the log in base64, or null
 * @param message of the warning or the error, or null
 * @param detail of the warning or the error, or null
 * @param hint of the warning or the error, or null
 */
record Answer(
    String outcome,
    @Nullable String statusCode,
    @Nullable ByteBuffer payload,
    @Nullable String executedVersion,
    @Nullable String logResult,
    @Nullable String message,
    @Nullable String detail,
    @Nullable String hint) {

  private static final RowDescription ROW_DESCRIPTION =
      new RowDescription(
          Stream.of(
                  "outcome",
                  "status_code",
                  "payload",
                  "executed_version",
                  "log_result",
                  "message",
                  "detail",
                  "hint")
              .map(Column::text)
              .toList());
  private static final byte[] HEX_DIGITS = "0123456789abcdef".getBytes(US_ASCII);

  static final Answer PENDING = ofOutcome("pending");
  static final Answer STALE = ofOutcome("stale");

  static Answer hello(String nonce) {
    ByteBuffer payload = ByteBuffer.wrap(nonce.getBytes(US_ASCII));
    return new Answer("hello", null, payload, null, null, null, null, null);
  }

  static Answer of(InvokeAnswer answer) {
    return answer instanceof InvokeAnswer.Row row
        ? ofRow(row)
        : failed(((InvokeAnswer.Failure) answer).error());
  }

  static Answer failed(SqlError error) {
    return new Answer(
        error.sqlState(), null, null, null, null, error.message(), error.detail(), error.hint());
  }

  private static Answer ofRow(InvokeAnswer.Row row) {
    InvocationResult result = row.result();
    SqlError warning = row.warning();
    return new Answer(
        "ok",
        Integer.toString(result.statusCode()),
        result.payload(),
        result.executedVersion(),
        result.logResult(),
        warning == null ? null : warning.message(),
        warning == null ? null : warning.detail(),
        warning == null ? null : warning.hint());
  }

  private static Answer ofOutcome(String outcome) {
    return new Answer(outcome, null, null, null, null, null, null, null);
  }

  /** How long its texts are. */
  long bytes() {
    long bytes = payload == null ? 0 : payload.remaining();
    bytes += message == null ? 0 : message.length();
    bytes += detail == null ? 0 : detail.length();
    return bytes;
  }

  /**
   * {@code RowDescription} of eight text columns, {@code DataRow}, {@code CommandComplete}, {@code
   * ReadyForQuery}. The payload's bytes are wrapped, not copied, unless they become hexadecimal
   * digits.
   */
  ByteBuf encode(ByteBufAllocator alloc, LinkEncoding encoding) {
    List<@Nullable ByteBuf> row = new ArrayList<>();
    row.add(plain(outcome));
    row.add(plain(statusCode));
    row.add(encodedPayload(alloc, encoding));
    row.add(plain(executedVersion));
    row.add(plain(logResult));
    row.add(text(message, encoding));
    row.add(text(detail, encoding));
    row.add(text(hint, encoding));
    return new MessageWriter(alloc.buffer(), UTF_8)
        .write(ROW_DESCRIPTION)
        .row(row)
        .write(new CommandComplete("SELECT 1"))
        .write(new ReadyForQuery(ReadyForQuery.IDLE))
        .toBuffer();
  }

  private @Nullable ByteBuf encodedPayload(ByteBufAllocator alloc, LinkEncoding encoding) {
    if (payload == null) {
      return null;
    }
    ByteBuf bytes = Unpooled.wrappedBuffer(payload);
    if (!encoding.hexadecimal()) {
      return bytes;
    }
    ByteBuf digits = alloc.buffer(2 + 2 * bytes.readableBytes());
    digits.writeByte('\\').writeByte('x');
    bytes.forEachByte(
        each -> {
          digits.writeByte(HEX_DIGITS[(each >> 4) & 0xf]).writeByte(HEX_DIGITS[each & 0xf]);
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
    byte[] bytes = text.replace('\0', '\ufffd').getBytes(UTF_8);
    return encoding.hexadecimal()
        ? plain("\\x" + HexFormat.of().formatHex(bytes))
        : Unpooled.wrappedBuffer(bytes);
  }
}
