package dev.pglambda.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client sends (PostgreSQL manual, "Message Formats", those marked F), by the manual's
 * names. Values of parameters and COPY data stay bytes; lists are views of the message's own bytes.
 */
public sealed interface FrontendMessage extends Message {
  byte BIND = 'B';
  byte CLOSE = 'C';
  byte COPY_DATA = 'd';
  byte COPY_DONE = 'c';
  byte COPY_FAIL = 'f';
  byte DESCRIBE = 'D';
  byte EXECUTE = 'E';
  byte FLUSH = 'H';
  byte FUNCTION_CALL = 'F';
  byte PARSE = 'P';

  /** Also SASLInitialResponse, SASLResponse and GSSResponse. */
  byte PASSWORD = 'p';

  byte QUERY = 'Q';
  byte SYNC = 'S';
  byte TERMINATE = 'X';

  /** What a Describe or Close names. */
  char STATEMENT = 'S';

  char PORTAL = 'P';

  /** Format codes of values. */
  int TEXT_FORMAT = 0;

  int BINARY_FORMAT = 1;

  /**
   * Reads the body of a message; a type that is not known makes an {@link Unknown}, and all that
   * begin with {@link #PASSWORD} a {@link SaslResponse}.
   */
  static FrontendMessage read(byte type, byte[] body, Charset charset) throws ProtocolViolation {
    return BodyReader.read(body, charset, in -> read(type, in));
  }

  /** Reads a complete frame, whose texts get one {@code char} per byte; null: it is malformed. */
  static @Nullable FrontendMessage read(ByteBuf buffer, int index, int length) {
    byte type = buffer.getByte(index);
    return BodyReader.readFrame(buffer, index, length, in -> read(type, in));
  }

  private static FrontendMessage read(byte type, BodyReader in) {
    return switch (type) {
      case BIND -> Bind.read(in);
      case CLOSE -> new Close((char) in.int8(), in.string());
      case COPY_DATA -> new CopyData(in.rest());
      case COPY_DONE -> new CopyDone();
      case COPY_FAIL -> new CopyFail(in.string());
      case DESCRIBE -> new Describe((char) in.int8(), in.string());
      case EXECUTE -> new Execute(in.string(), in.int32());
      case FLUSH -> new Flush();
      case FUNCTION_CALL -> new FunctionCall(in.int32(), in.int16s(), in.values(), in.int16());
      case PARSE -> new Parse(in.string(), in.string(), in.int32s());
      case PASSWORD -> new SaslResponse(in.rest());
      case QUERY -> new Query(in.string());
      case SYNC -> new Sync();
      case TERMINATE -> new Terminate();
      default -> new Unknown(type, in.rest());
    };
  }

  /**
   * {@code B: String portal, String statement, Int16 n, Int16[n], Int16 m, (Int32 length,
   * value)[m], Int16 k, Int16[k]}.
   *
   * @param parameterFormats none: text; one: of all parameters; else one for each
   * @param parameters null is NULL
   * @param resultFormats by the same rule
   */
  record Bind(
      String portal,
      String statement,
      List<Integer> parameterFormats,
      List<@Nullable ByteBuffer> parameters,
      List<Integer> resultFormats)
      implements FrontendMessage {
    /** One without parameters, for results in text format. */
    public static final Bind EMPTY = new Bind("", "", List.of(), List.of(), List.of());

    /** PostgreSQL refuses a wrong number of formats (postgres.c, exec_bind_message). */
    private static Bind read(BodyReader in) {
      Bind bind = new Bind(in.string(), in.string(), in.int16s(), in.values(), in.int16s());
      if (bind.parameterFormats.size() > 1
          && bind.parameterFormats.size() != bind.parameters.size()) {
        throw new BufferUnderflowException();
      }
      return bind;
    }

    /** The same with more parameters, in binary format, and perhaps results in that format. */
    public Bind with(
        String newPortal,
        String newStatement,
        List<@Nullable ByteBuffer> more,
        boolean binaryResults) {
      int own = parameters.size();
      int all = own + more.size();
      return new Bind(
          newPortal,
          newStatement,
          BodyReader.list(all, i -> i < own ? parameterFormat(i) : BINARY_FORMAT),
          BodyReader.list(all, i -> i < own ? parameters.get(i) : more.get(i - own)),
          binaryResults ? List.of(BINARY_FORMAT) : resultFormats);
    }

    public int bytes() {
      int shorts = 3 + parameterFormats.size() + resultFormats.size();
      int bytes = portal.length() + 1 + statement.length() + 1 + Short.BYTES * shorts;
      for (ByteBuffer parameter : parameters) {
        bytes += Integer.BYTES + (parameter == null ? 0 : parameter.remaining());
      }
      return bytes;
    }

    private int parameterFormat(int parameter) {
      return switch (parameterFormats.size()) {
        case 0 -> TEXT_FORMAT;
        case 1 -> parameterFormats.get(0);
        default -> parameterFormats.get(parameter);
      };
    }

    @Override
    public void write(MessageWriter out) {
      out.begin(BIND).string(portal).string(statement);
      out.int16s(parameterFormats).values(parameters).int16s(resultFormats).end();
    }
  }

  /** {@code C: Byte1 kind, String name}. */
  record Close(char kind, String name) implements FrontendMessage {
    public static Close statement(String name) {
      return new Close(STATEMENT, name);
    }

    public static Close portal(String name) {
      return new Close(PORTAL, name);
    }

    @Override
    public void write(MessageWriter out) {
      out.begin(CLOSE).int8(kind).string(name).end();
    }
  }

  /** {@code d: data}. */
  record CopyData(ByteBuffer data) implements FrontendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(COPY_DATA).bytes(data).end();
    }
  }

  /** {@code c}. */
  record CopyDone() implements FrontendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(COPY_DONE).end();
    }
  }

  /** {@code f: String reason}. */
  record CopyFail(String reason) implements FrontendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(COPY_FAIL).string(reason).end();
    }
  }

  /** {@code D: Byte1 kind, String name}. */
  record Describe(char kind, String name) implements FrontendMessage {
    public static Describe statement(String name) {
      return new Describe(STATEMENT, name);
    }

    public static Describe portal(String name) {
      return new Describe(PORTAL, name);
    }

    @Override
    public void write(MessageWriter out) {
      out.begin(DESCRIBE).int8(kind).string(name).end();
    }
  }

  /** {@code E: String portal, Int32 maxRows}; 0: all. */
  record Execute(String portal, int maxRows) implements FrontendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(EXECUTE).string(portal).int32(maxRows).end();
    }
  }

  /** {@code H}. */
  record Flush() implements FrontendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(FLUSH).end();
    }
  }

  /**
   * {@code F: Int32 functionOid, Int16 n, Int16[n], Int16 m, (Int32 length, value)[m], Int16
   * resultFormat}.
   */
  record FunctionCall(
      int functionOid,
      List<Integer> argumentFormats,
      List<@Nullable ByteBuffer> arguments,
      int resultFormat)
      implements FrontendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(FUNCTION_CALL).int32(functionOid);
      out.int16s(argumentFormats).values(arguments).int16(resultFormat).end();
    }
  }

  /** {@code P: String name, String text, Int16 n, Int32[n]}. */
  record Parse(String name, String text, List<Integer> typeOids) implements FrontendMessage {
    /** Reads the body of one from a buffer; null: it is malformed. */
    public static @Nullable Parse read(ByteBuf buffer, int body, int end) {
      int index = body - Frame.HEADER_LENGTH;
      return FrontendMessage.read(buffer, index, end - index) instanceof Parse parse ? parse : null;
    }

    /** The types behind the text alone; null: they are malformed. */
    public static @Nullable List<Integer> types(ByteBuf buffer, int from, int end) {
      try {
        byte[] types = ByteBufUtil.getBytes(buffer, from, end - from);
        return BodyReader.read(types, ISO_8859_1, BodyReader::int32s);
      } catch (ProtocolViolation malformed) {
        return null;
      }
    }

    @Override
    public void write(MessageWriter out) {
      out.begin(PARSE).string(name).string(text).int32s(typeOids).end();
    }
  }

  /** {@code p: String password}. */
  record PasswordMessage(String password) implements FrontendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(PASSWORD).string(password).end();
    }
  }

  /** {@code Q: String text}. */
  record Query(String text) implements FrontendMessage {
    /** Length of the text in a body, which can be a whole request: no String is made of it. */
    public static int textLength(byte[] body) throws ProtocolViolation {
      return BodyReader.read(body, ISO_8859_1, BodyReader::stringLength);
    }

    @Override
    public void write(MessageWriter out) {
      out.begin(QUERY).string(text).end();
    }
  }

  /** {@code p: String mechanism, Int32 length, data}; null: without data, and length -1. */
  record SaslInitialResponse(String mechanism, @Nullable ByteBuffer data)
      implements FrontendMessage {
    /** Reads the body of a message that begins with {@link #PASSWORD}. */
    public static SaslInitialResponse read(byte[] body, Charset charset) throws ProtocolViolation {
      try {
        return BodyReader.read(
            body, charset, in -> new SaslInitialResponse(in.string(), in.value()));
      } catch (ProtocolViolation malformed) {
        throw new ProtocolViolation("malformed SASLInitialResponse");
      }
    }

    @Override
    public void write(MessageWriter out) {
      out.begin(PASSWORD).string(mechanism).value(data).end();
    }
  }

  /** {@code p: data}. */
  record SaslResponse(ByteBuffer data) implements FrontendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(PASSWORD).bytes(data).end();
    }
  }

  /** {@code S}. */
  record Sync() implements FrontendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(SYNC).end();
    }
  }

  /** {@code X}. */
  record Terminate() implements FrontendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(TERMINATE).end();
    }
  }

  record Unknown(byte type, ByteBuffer body) implements FrontendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(type).bytes(body).end();
    }
  }
}
