package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.lambda.InvokeArguments.Form;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import io.netty.util.AsciiString;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads what follows the proof of a request, from left to right: {@code <name> <sequence>
 * <field>...} (docs/development/callback-protocol.md, "The callback protocol").
 */
final class RequestReader {
  private static final int LONGEST_NAME = 32;
  private static final int MOST_DIGITS = 19;

  /** In place of a form: asks for what was recorded, and calls nothing. */
  private static final String INVOCATIONS = "invocations";

  /** The worker cuts it to 8005 bytes. */
  private static final int MOST_STATEMENT_BYTES = 8 << 10;

  private static final int MOST_NAME_BYTES = 1000;

  private final byte[] text;
  private final int end;
  private int position;

  /** Reads {@code text} from {@code position} up to {@code end}. */
  RequestReader(byte[] text, int position, int end) {
    this.text = text;
    this.position = position;
    this.end = end;
  }

  /** The name and version of the request, and the space after it. */
  String name() throws RefusedRequestException {
    StringBuilder name = new StringBuilder();
    while (position < end && text[position] != ' ') {
      byte next = text[position++];
      if (next < ' ' || next > '~' || name.length() == LONGEST_NAME) {
        throw RefusedRequestException.malformed("name");
      }
      name.append((char) next);
    }
    position++;
    return name.toString();
  }

  long sequence() throws RefusedRequestException {
    return number("sequence", Long.MAX_VALUE);
  }

  /** Token of the client's session, the first field of {@code invoke/1}; null for NULL. */
  @Nullable String session() throws RefusedRequestException {
    expect(' ');
    String name = text("session");
    return name == null ? null : CallbackParameter.token(name);
  }

  void end() throws RefusedRequestException {
    if (position != end) {
      throw RefusedRequestException.malformed("text after its end");
    }
  }

  /** Of the call, the field after its session; null: it asks for what was recorded. */
  @Nullable Form form() throws RefusedRequestException {
    String form = text("form");
    if (INVOCATIONS.equals(form)) {
      return null;
    }
    for (Form known : Form.values()) {
      if (known.name().toLowerCase(Locale.ROOT).equals(form)) {
        return known;
      }
    }
    throw RefusedRequestException.malformed("form");
  }

  /** The arguments of {@code invoke/1} after its form. */
  InvokeArguments arguments(Form form) throws RefusedRequestException {
    return new InvokeArguments(
        form,
        text("function_name"),
        text("region of the function's ARN"),
        bytes("payload"),
        text("region"),
        text("invocation_type"),
        text("log_type"),
        text("context"),
        text("qualifier"),
        text("aws_lambda.connect_timeout_ms"),
        text("aws_lambda.request_timeout_ms"));
  }

  /** The only argument of what asks for what was recorded: before which call; null: all. */
  @Nullable Long before() throws RefusedRequestException {
    String number = arguments(Form.NAME).functionName();
    try {
      return number == null ? null : Long.valueOf(number);
    } catch (NumberFormatException e) {
      throw RefusedRequestException.malformed("number of a call");
    }
  }

  /**
   * Where the call comes from, as the fields behind its arguments tell, as far as there are any:
   * earlier workers send none. What cannot be read is replaced, what is too long is cut.
   *
   * @param charset of fields in hexadecimal digits
   */
  CallOrigin origin(@Nullable SocketAddress client, String installation, Charset charset)
      throws RefusedRequestException {
    if (position == end) { // of a worker of an earlier version
      return new CallOrigin(client, null, null, null, null, null, installation, null);
    }
    String database = cut("database", MOST_NAME_BYTES, charset);
    String role = cut("role", MOST_NAME_BYTES, charset);
    String applicationName = cut("application_name", MOST_NAME_BYTES, charset);
    String process = cut("server process", MOST_NAME_BYTES, charset);
    String statement = cut("statement", MOST_STATEMENT_BYTES, charset);
    Integer serverProcess =
        process != null && process.matches("[0-9]{1,9}") ? Integer.valueOf(process) : null;
    return new CallOrigin(
        client, database, role, applicationName, serverProcess, statement, installation, null);
  }

  private @Nullable String cut(String what, int mostBytes, Charset charset)
      throws RefusedRequestException {
    boolean hexadecimal = position < end && text[position] == 'x';
    ByteBuffer bytes = bytes(what);
    if (bytes == null) {
      return null;
    }
    bytes.limit(Math.min(bytes.limit(), mostBytes));
    return (hexadecimal ? charset : UTF_8).decode(bytes).toString();
  }

  /** The next field as text; {@code what} is its name, for the error. */
  private @Nullable String text(String what) throws RefusedRequestException {
    ByteBuffer bytes = bytes(what);
    if (bytes == null) {
      return null;
    }
    try {
      return UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      // Only a database in SQL_ASCII can hold such a text.
      throw new RefusedRequestException(
          new SqlError(
              SqlState.CHARACTER_NOT_IN_REPERTOIRE,
              "invalid byte sequence for encoding \"UTF8\" in " + what));
    }
  }

  /** The next field: a view of the request's own bytes, or what its digits stand for. */
  private @Nullable ByteBuffer bytes(String what) throws RefusedRequestException {
    if (position < end && text[position] == '-') {
      position++;
      return null;
    }
    boolean hexadecimal = position < end && text[position] == 'x';
    if (hexadecimal) {
      position++;
    }
    int length = (int) number(what, Integer.MAX_VALUE);
    expect(':');
    if (length > end - position) {
      throw RefusedRequestException.malformed("length of " + what);
    }
    int start = position;
    position += length;
    return hexadecimal
        ? ByteBuffer.wrap(decodeHex(what, start, length))
        : ByteBuffer.wrap(text, start, length).slice();
  }

  private byte[] decodeHex(String what, int start, int length) throws RefusedRequestException {
    try {
      return HexFormat.of().parseHex(new AsciiString(text, start, length, false)); // no copy
    } catch (IllegalArgumentException e) {
      throw RefusedRequestException.malformed("digits of " + what);
    }
  }

  private long number(String what, long limit) throws RefusedRequestException {
    int start = position;
    long number = 0;
    while (position < end && text[position] >= '0' && text[position] <= '9') {
      number = number * 10 + (text[position++] - '0');
      if (number < 0 || number > limit || position - start > MOST_DIGITS) {
        throw RefusedRequestException.malformed(what);
      }
    }
    if (position == start) {
      throw RefusedRequestException.malformed(what);
    }
    return number;
  }

  private void expect(char expected) throws RefusedRequestException {
    if (position >= end || text[position] != expected) {
      throw RefusedRequestException.malformed("no '" + expected + "' at octet " + position);
    }
    position++;
  }
}
