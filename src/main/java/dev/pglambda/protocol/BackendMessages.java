package dev.pglambda.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The messages a callback link sends (PostgreSQL manual, "Message Formats"), but for the row. */
public final class BackendMessages {
  private static final int SASL = 10;
  private static final int SASL_CONTINUE = 11;
  private static final int SASL_FINAL = 12;
  private static final int OK = 0;

  private BackendMessages() {}

  /** {@code AuthenticationSASL}: R, Int32 10, the mechanisms, an empty one. */
  public static void authenticationSasl(ByteBuf out, String mechanism) {
    int start = begin(out, 'R');
    out.writeInt(SASL);
    string(out, mechanism);
    out.writeByte(0);
    end(out, start);
  }

  /** {@code AuthenticationSASLContinue}: R, Int32 11, data. */
  public static void authenticationSaslContinue(ByteBuf out, String data) {
    authentication(out, SASL_CONTINUE, data);
  }

  /** {@code AuthenticationSASLFinal}: R, Int32 12, data. */
  public static void authenticationSaslFinal(ByteBuf out, String data) {
    authentication(out, SASL_FINAL, data);
  }

  /** {@code AuthenticationOk}: R, Int32 0. */
  public static void authenticationOk(ByteBuf out) {
    authentication(out, OK, "");
  }

  private static void authentication(ByteBuf out, int request, String data) {
    int start = begin(out, 'R');
    out.writeInt(request);
    out.writeCharSequence(data, UTF_8);
    end(out, start);
  }

  /**
   * {@code NegotiateProtocolVersion}: v, Int32 version, Int32 count, the options not known. The
   * version is the whole number, 3.0, as PostgreSQL sends it and libpq reads it.
   */
  public static void negotiateProtocolVersion(ByteBuf out, List<String> unknownOptions) {
    int start = begin(out, 'v');
    out.writeInt(3 << 16);
    out.writeInt(unknownOptions.size());
    unknownOptions.forEach(option -> string(out, option));
    end(out, start);
  }

  /** {@code ParameterStatus}: S, name, value. */
  public static void parameterStatus(ByteBuf out, String name, String value) {
    int start = begin(out, 'S');
    string(out, name);
    string(out, value);
    end(out, start);
  }

  /** {@code BackendKeyData}: K, Int32 process, Int32 key. */
  public static void backendKeyData(ByteBuf out, byte[] processAndKey) {
    int start = begin(out, 'K');
    out.writeBytes(processAndKey);
    end(out, start);
  }

  /** {@code CommandComplete}: C, tag. */
  public static void commandComplete(ByteBuf out, String tag) {
    int start = begin(out, 'C');
    string(out, tag);
    end(out, start);
  }

  /** {@code ReadyForQuery}: Z, {@code I} (not in a transaction). */
  public static void readyForQuery(ByteBuf out) {
    int start = begin(out, 'Z');
    out.writeByte('I');
    end(out, start);
  }

  /** {@code ErrorResponse}: E, fields of type and text, an empty one. */
  public static void error(ByteBuf out, String severity, SqlError error) {
    int start = begin(out, 'E');
    field(out, 'S', severity);
    field(out, 'V', severity);
    field(out, 'C', error.sqlState());
    field(out, 'M', error.message());
    field(out, 'D', error.detail());
    field(out, 'H', error.hint());
    out.writeByte(0);
    end(out, start);
  }

  private static void field(ByteBuf out, char type, @Nullable String text) {
    if (text != null) {
      out.writeByte(type);
      string(out, text);
    }
  }

  public static void string(ByteBuf out, String text) {
    out.writeCharSequence(text, UTF_8);
    out.writeByte(0);
  }

  /** Starts a message; the result is for {@link #end}. */
  public static int begin(ByteBuf out, char type) {
    out.writeByte(type);
    int start = out.writerIndex();
    out.writeInt(0);
    return start;
  }

  /** Fills in the length, which counts itself but not the type. */
  public static void end(ByteBuf out, int start) {
    out.setInt(start, out.writerIndex() - start);
  }
}
