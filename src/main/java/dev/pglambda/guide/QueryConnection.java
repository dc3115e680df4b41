package dev.pglambda.guide;

import dev.pglambda.guide.QueryResult.Column;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrontendMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A client connection for simple queries to a server that asks for no password, or for one by
 * SCRAM-SHA-256. Blocking; not thread-safe.
 */
final class QueryConnection implements AutoCloseable {
  private static final int TIMEOUT_MS = 60_000;
  private static final int PROTOCOL_3_0 = 3 << 16;
  private static final char PASSWORD = 'p';
  private static final int AUTHENTICATION_OK = 0;
  private static final int AUTHENTICATION_SASL = 10;
  private static final int AUTHENTICATION_SASL_CONTINUE = 11;
  private static final int AUTHENTICATION_SASL_FINAL = 12;

  private final Socket socket;
  private final DataInputStream in;
  private final Consumer<ErrorFields> notices;

  private final @Nullable ScramClient scram;

  private QueryConnection(Socket socket, @Nullable String password, Consumer<ErrorFields> notices)
      throws IOException {
    this.scram = password == null ? null : new ScramClient(password);
    this.socket = socket;
    this.notices = notices;
    in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
  }

  /**
   * Connects and waits until the session is ready.
   *
   * @param password visible ASCII; null: none is needed
   * @param notices receives each NoticeResponse
   */
  static QueryConnection open(
      InetSocketAddress address,
      String user,
      @Nullable String password,
      String database,
      Consumer<ErrorFields> notices)
      throws IOException, QueryFailedException {
    Socket socket = new Socket();
    socket.connect(address, TIMEOUT_MS);
    socket.setSoTimeout(TIMEOUT_MS);
    QueryConnection connection = new QueryConnection(socket, password, notices);
    ByteBuf startup = Unpooled.buffer().writeInt(0).writeInt(PROTOCOL_3_0);
    for (String each : List.of("user", user, "database", database, "client_encoding", "UTF8", "")) {
      startup.writeCharSequence(each, StandardCharsets.UTF_8);
      startup.writeByte(0);
    }
    connection.send(startup.setInt(0, startup.readableBytes()));
    connection.readUntilReady();
    return connection;
  }

  /** Runs a query of one or more statements. */
  List<QueryResult> query(String sql) throws IOException, QueryFailedException {
    ByteBuf query = Unpooled.buffer().writeByte(FrontendMessage.QUERY).writeInt(0);
    query.writeCharSequence(sql, StandardCharsets.UTF_8);
    query.writeByte(0);
    send(query.setInt(1, query.readableBytes() - 1));
    return readUntilReady();
  }

  private void send(ByteBuf bytes) throws IOException {
    bytes.readBytes(socket.getOutputStream(), bytes.readableBytes());
    bytes.release();
  }

  private List<QueryResult> readUntilReady() throws IOException, QueryFailedException {
    List<QueryResult> results = new ArrayList<>();
    List<Column> columns = List.of();
    List<List<@Nullable String>> rows = new ArrayList<>();
    ErrorFields error = null;
    while (true) {
      ByteBuf frame = readFrame();
      ByteBuf body = frame.slice(Frame.HEADER_LENGTH, frame.readableBytes() - Frame.HEADER_LENGTH);
      switch (frame.getByte(0)) {
        case BackendMessage.AUTHENTICATION -> authenticate(body);
        case BackendMessage.ROW_DESCRIPTION -> columns = columns(body);
        case 'D' -> rows.add(row(body));
        case BackendMessage.COMMAND_COMPLETE -> {
          results.add(new QueryResult(columns, rows, string(body)));
          columns = List.of();
          rows = new ArrayList<>();
        }
        case BackendMessage.NOTICE_RESPONSE -> {
          ErrorFields notice = ErrorFields.read(frame, 0, frame.readableBytes());
          if (notice != null) {
            notices.accept(notice);
          }
        }
        case BackendMessage.ERROR_RESPONSE -> {
          error = ErrorFields.read(frame, 0, frame.readableBytes());
          if (error != null && "FATAL".equals(error.get(ErrorFields.SEVERITY))) {
            throw new QueryFailedException(error);
          }
        }
        case BackendMessage.READY_FOR_QUERY -> {
          if (error != null) {
            throw new QueryFailedException(error);
          }
          return results;
        }
        default -> {
          // ParameterStatus, BackendKeyData and the like say nothing to this client.
        }
      }
    }
  }

  private ByteBuf readFrame() throws IOException {
    byte type = in.readByte();
    int length = in.readInt();
    if (length < Frame.MIN_LENGTH || length > Frame.MAX_LENGTH) {
      throw new IOException("invalid message length: " + length);
    }
    byte[] body = in.readNBytes(length - Frame.MIN_LENGTH);
    return Unpooled.buffer(Frame.HEADER_LENGTH + body.length)
        .writeByte(type)
        .writeInt(length)
        .writeBytes(body);
  }

  private void authenticate(ByteBuf body) throws IOException {
    int method = body.readInt();
    if (method == AUTHENTICATION_OK) {
      return;
    }
    if (scram == null) {
      throw new IOException(
          "the server asks for a password (authentication method " + method + ")");
    }
    switch (method) {
      case AUTHENTICATION_SASL -> {
        String first = scram.first();
        ByteBuf message = Unpooled.buffer().writeByte(PASSWORD).writeInt(0);
        message.writeCharSequence(ScramClient.MECHANISM, StandardCharsets.US_ASCII);
        message.writeByte(0).writeInt(first.length());
        message.writeCharSequence(first, StandardCharsets.US_ASCII);
        send(message.setInt(1, message.readableBytes() - 1));
      }
      case AUTHENTICATION_SASL_CONTINUE -> {
        String last = scram.last(body.toString(StandardCharsets.US_ASCII));
        ByteBuf message = Unpooled.buffer().writeByte(PASSWORD).writeInt(0);
        message.writeCharSequence(last, StandardCharsets.US_ASCII);
        send(message.setInt(1, message.readableBytes() - 1));
      }
      case AUTHENTICATION_SASL_FINAL -> scram.verify(body.toString(StandardCharsets.US_ASCII));
      default ->
          throw new IOException("the server asks for an unknown authentication method " + method);
    }
  }

  private static List<Column> columns(ByteBuf body) {
    int count = body.readUnsignedShort();
    List<Column> columns = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      String name = string(body);
      body.skipBytes(6);
      columns.add(new Column(name, body.readInt()));
      body.skipBytes(8);
    }
    return columns;
  }

  private static List<@Nullable String> row(ByteBuf body) {
    int count = body.readUnsignedShort();
    List<@Nullable String> row = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int length = body.readInt();
      row.add(length < 0 ? null : body.readCharSequence(length, StandardCharsets.UTF_8).toString());
    }
    return row;
  }

  private static String string(ByteBuf body) {
    String text =
        body.readCharSequence(body.bytesBefore((byte) 0), StandardCharsets.UTF_8).toString();
    body.skipBytes(1);
    return text;
  }

  @Override
  public void close() throws IOException {
    send(Unpooled.buffer(5).writeByte(FrontendMessage.TERMINATE).writeInt(Frame.MIN_LENGTH));
    socket.close();
  }
}
