package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
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

  static final Answer PENDING = ofOutcome("pending");
  static final Answer STALE = ofOutcome("stale");

  static Answer hello(String nonce) {
    ByteBuffer payload = ByteBuffer.wrap(nonce.getBytes(US_ASCII));
    return new Answer("hello", null, payload, null, null, null, null, null);
  }

  static Answer of(InvokeAnswer answer) {
    if (answer instanceof InvokeAnswer.Row row) {
      return ofRow(row);
    }
    return failed(((InvokeAnswer.Failure) answer).error());
  }

  static Answer failed(SqlError error) {
    return new Answer(
        error.sqlState(), null, null, null, null, error.message(), error.detail(), error.hint());
  }

  private static Answer ofRow(InvokeAnswer.Row row) {
    InvocationResult result = row.result();
    if (result.payload() != null && !isText(Unpooled.wrappedBuffer(result.payload()))) {
      return failed(
          new SqlError(
              SqlState.CHARACTER_NOT_IN_REPERTOIRE,
              "invalid byte sequence for encoding \"UTF8\"",
              "The function's reply is not text in UTF-8.",
              null));
    }
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
  long octets() {
    long octets = payload == null ? 0 : payload.remaining();
    octets += message == null ? 0 : message.length();
    octets += detail == null ? 0 : detail.length();
    return octets;
  }

  /**
   * Whether PostgreSQL may take the bytes for text. dblink would not ask: it cuts a value at a zero
   * byte and lets anything else into the database.
   */
  private static boolean isText(ByteBuf octets) {
    return ByteBufUtil.isText(octets, UTF_8)
        && octets.indexOf(octets.readerIndex(), octets.writerIndex(), (byte) 0) < 0;
  }
}
