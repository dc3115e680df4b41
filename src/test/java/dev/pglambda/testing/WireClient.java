package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.BackendKeyData;
import dev.pglambda.protocol.BackendMessage.CopyInResponse;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.Message;
import dev.pglambda.protocol.MessageStream;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL client for tests that is as close to the wire as can be: it sends the messages it is
 * told to send, in the order it is told, and hands out each message of the server. It blocks, with
 * a time-out of 30 seconds for each read unless told otherwise. One thread reads and one thread
 * writes, which may be two threads.
 *
 * <p>The methods that send put a message together; it goes out with {@link #flushOut}, which {@link
 * #read} calls first. So everything between two reads is one write.
 *
 * <pre>{@code
 * try (WireClient client = WireClient.connect(host, port, "postgres", "postgres", null)) {
 *   List<BackendMessage> answer = client.query("SELECT 1").readUntilReady();
 *   ...
 *   client.parse("", "SELECT $1::int").bind("", "", List.of("1")).describePortal("").execute("", 0).sync();
 *   List<BackendMessage> extended = client.readUntilReady();
 * }
 * }</pre>
 */
public final class WireClient implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final Socket socket;
  private final ByteBuf pending = Unpooled.buffer();
  private final MessageWriter writer = new MessageWriter(pending, UTF_8);
  private final MessageStream stream;
  private final Map<String, String> parameters = new HashMap<>();
  private @Nullable BackendKeyData key;

  private WireClient(Socket socket) throws IOException {
    this.socket = socket;
    this.stream = new MessageStream(socket.getInputStream(), socket.getOutputStream(), UTF_8);
  }

  /** Opens a connection and sends nothing. */
  public static WireClient open(String host, int port) throws IOException {
    Socket socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.connect(new InetSocketAddress(host, port), (int) TIMEOUT.toMillis());
      socket.setSoTimeout((int) TIMEOUT.toMillis());
      return new WireClient(TestCertificates.EVERYWHERE ? TlsPeer.encrypt(socket) : socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Opens a session with protocol 3.0, ready for queries.
   *
   * @param password for cleartext, MD5 or SCRAM-SHA-256; null if the server asks for none
   * @throws IOException if the server refuses, with its message
   */
  public static WireClient connect(
      String host, int port, String user, String database, @Nullable String password)
      throws IOException {
    WireClient client = open(host, port);
    try {
      List<BackendMessage> answer =
          client.startUp(Map.of("user", user, "database", database), password);
      if (!(answer.get(answer.size() - 1) instanceof ReadyForQuery)) {
        throw new IOException("no session: " + answer);
      }
      return client;
    } catch (IOException e) {
      client.close();
      throw e;
    }
  }

  /** Sets how long a read may wait; zero: for ever. */
  public WireClient timeout(Duration timeout) throws IOException {
    socket.setSoTimeout((int) timeout.toMillis());
    return this;
  }

  /**
   * Sends a StartupMessage of protocol 3.0 and authenticates.
   *
   * @param startupParameters {@code user}, {@code database} and settings
   * @return everything the server sent, up to ReadyForQuery, an ErrorResponse or the end
   */
  public List<BackendMessage> startUp(
      Map<String, String> startupParameters, @Nullable String password) throws IOException {
    startupMessage(StartupPacket.PROTOCOL_3_0, startupParameters);
    return authenticate(startupParameters.getOrDefault("user", ""), password);
  }

  /**
   * Answers authentication requests after a StartupMessage.
   *
   * @return everything the server sent, up to ReadyForQuery, an ErrorResponse or the end
   */
  public List<BackendMessage> authenticate(String user, @Nullable String password)
      throws IOException {
    Authenticator authenticator = new Authenticator(user, password);
    List<BackendMessage> messages = new ArrayList<>();
    while (true) {
      BackendMessage message = read();
      if (message == null) {
        return messages;
      }
      messages.add(message);
      if (message instanceof ReadyForQuery || message instanceof ErrorResponse) {
        return messages;
      }
      if (message instanceof Authentication request) {
        FrontendMessage answer = authenticator.answer(request);
        if (answer != null) {
          send(answer);
        }
      }
    }
  }

  /** StartupMessage. The parameters are sent with {@code user} first. */
  public WireClient startupMessage(int version, Map<String, String> startupParameters)
      throws IOException {
    Map<String, String> ordered = new LinkedHashMap<>();
    String user = startupParameters.get("user");
    if (user != null) {
      ordered.put("user", user);
    }
    ordered.putAll(startupParameters);
    return send(new StartupMessage(version >> 16, version & 0xffff, ordered));
  }

  /** CancelRequest with any key; a server answers by closing the connection. */
  public WireClient cancelRequest(BackendKeyData of) {
    return send(new StartupPacket.CancelRequest(of.processId(), of.secretKey()));
  }

  /** Query. */
  public WireClient query(String sql) {
    return send(new FrontendMessage.Query(sql));
  }

  /** Parse. */
  public WireClient parse(String statement, String sql, int... typeOids) {
    List<Integer> types = IntStream.of(typeOids).boxed().toList();
    return send(new FrontendMessage.Parse(statement, sql, types));
  }

  /** Bind with parameters and results in text format. */
  public WireClient bind(
      String portal, String statement, List<? extends @Nullable String> parameterValues) {
    return bind(portal, statement, parameterValues, FrontendMessage.TEXT_FORMAT);
  }

  /**
   * Bind with parameters in text format.
   *
   * @param resultFormat of all columns
   */
  public WireClient bind(
      String portal,
      String statement,
      List<? extends @Nullable String> parameterValues,
      int resultFormat) {
    List<@Nullable ByteBuffer> values = DataRow.of(parameterValues).values();
    return send(
        new FrontendMessage.Bind(portal, statement, List.of(), values, List.of(resultFormat)));
  }

  /**
   * Bind with parameters in formats of their own and all results in binary format.
   *
   * @param formats of the parameters
   */
  public WireClient bindBinary(
      String portal, String statement, List<Integer> formats, List<byte @Nullable []> values) {
    List<@Nullable ByteBuffer> buffers = new ArrayList<>();
    values.forEach(value -> buffers.add(value == null ? null : ByteBuffer.wrap(value)));
    return send(
        new FrontendMessage.Bind(
            portal, statement, formats, buffers, List.of(FrontendMessage.BINARY_FORMAT)));
  }

  /** Describe a prepared statement. */
  public WireClient describeStatement(String statement) {
    return send(FrontendMessage.Describe.statement(statement));
  }

  /** Describe a portal. */
  public WireClient describePortal(String portal) {
    return send(FrontendMessage.Describe.portal(portal));
  }

  /**
   * Execute.
   *
   * @param maxRows 0 for all
   */
  public WireClient execute(String portal, int maxRows) {
    return send(new FrontendMessage.Execute(portal, maxRows));
  }

  /** Close a prepared statement. */
  public WireClient closeStatement(String statement) {
    return send(FrontendMessage.Close.statement(statement));
  }

  /** Close a portal. */
  public WireClient closePortal(String portal) {
    return send(FrontendMessage.Close.portal(portal));
  }

  /** Sync. */
  public WireClient sync() {
    return send(new FrontendMessage.Sync());
  }

  /** The message Flush. */
  public WireClient flush() {
    return send(new FrontendMessage.Flush());
  }

  /** CopyData. */
  public WireClient copyData(byte[] data) {
    return send(new FrontendMessage.CopyData(ByteBuffer.wrap(data)));
  }

  /** CopyDone. */
  public WireClient copyDone() {
    return send(new FrontendMessage.CopyDone());
  }

  /** CopyFail. */
  public WireClient copyFail(String reason) {
    return send(new FrontendMessage.CopyFail(reason));
  }

  /** Terminate. */
  public WireClient terminate() {
    return send(new FrontendMessage.Terminate());
  }

  /** Any message; for one that is malformed see {@link FrontendMessage.Unknown}. */
  public WireClient send(Message message) {
    writer.write(message);
    return this;
  }

  /** Any bytes. */
  public WireClient raw(byte[] bytes) {
    pending.writeBytes(bytes);
    return this;
  }

  /** Sends everything put together so far in one write. */
  public WireClient flushOut() throws IOException {
    pending.readBytes(socket.getOutputStream(), pending.readableBytes());
    pending.clear();
    return this;
  }

  /**
   * Sends what is pending and reads one message.
   *
   * @return null if the server closed the connection
   */
  public @Nullable BackendMessage read() throws IOException {
    flushOut();
    return readSent();
  }

  /** Reads one message and sends nothing: for a thread beside the one that sends. */
  public @Nullable BackendMessage readSent() throws IOException {
    BackendMessage message = stream.readBackend();
    if (message instanceof ParameterStatus status) {
      parameters.put(status.parameter(), status.value());
    } else if (message instanceof BackendKeyData data) {
      key = data;
    }
    return message;
  }

  /** Sends what is pending and reads one byte, such as the answer to SSLRequest; -1 at the end. */
  public int readByte() throws IOException {
    flushOut();
    return stream.readByte();
  }

  /**
   * Reads up to and including ReadyForQuery, or a fatal ErrorResponse. A CopyInResponse is answered
   * with CopyFail.
   *
   * @throws EOFException if the connection ends without either
   */
  public List<BackendMessage> readUntilReady() throws IOException {
    List<BackendMessage> messages = new ArrayList<>();
    while (true) {
      BackendMessage message = read();
      if (message == null) {
        throw new EOFException("connection closed after " + messages);
      }
      messages.add(message);
      if (message instanceof ReadyForQuery
          || (message instanceof ErrorResponse error && error.fields().isFatal())) {
        return messages;
      }
      if (message instanceof CopyInResponse) {
        copyFail("no data").flushOut();
      }
    }
  }

  /** Whether the server has closed the connection, without anything before it; waits for that. */
  public boolean readEnd() throws IOException {
    return read() == null;
  }

  /** The newest value of a parameter the server reported, or null. */
  public @Nullable String parameter(String name) {
    return parameters.get(name);
  }

  /** The key for CancelRequest; process 0 if the server sent none. */
  public BackendKeyData key() {
    return key == null ? new BackendKeyData(0, ByteBuffer.allocate(4)) : key;
  }

  /** Cancels the running query on a connection of its own, and waits until that is closed. */
  public void cancel() throws IOException {
    InetSocketAddress server = (InetSocketAddress) socket.getRemoteSocketAddress();
    try (WireClient other = open(server.getHostString(), server.getPort())) {
      if (!other.cancelRequest(key()).readEnd()) {
        throw new IOException("an answer to CancelRequest");
      }
    }
  }

  /** Ends the sending direction; the server can still answer. */
  public void shutdownOutput() throws IOException {
    flushOut();
    socket.shutdownOutput();
  }

  /** Closes the connection without Terminate. */
  @Override
  public void close() throws IOException {
    socket.close();
  }
}
