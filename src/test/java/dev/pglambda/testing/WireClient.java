package dev.pglambda.testing;

import dev.pglambda.testing.ClientMessageWriter.Fields;
import dev.pglambda.testing.ServerMessage.Authentication;
import dev.pglambda.testing.ServerMessage.BackendKeyData;
import dev.pglambda.testing.ServerMessage.CopyInResponse;
import dev.pglambda.testing.ServerMessage.ErrorResponse;
import dev.pglambda.testing.ServerMessage.ParameterStatus;
import dev.pglambda.testing.ServerMessage.ReadyForQuery;
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
 *   List<ServerMessage> answer = client.query("SELECT 1").readUntilReady();
 *   ...
 *   client.parse("", "SELECT $1::int").bind("", "", List.of("1")).describePortal("").execute("", 0).sync();
 *   List<ServerMessage> extended = client.readUntilReady();
 * }
 * }</pre>
 */
public final class WireClient implements AutoCloseable {
  /** Protocol version 3.0. */
  public static final int PROTOCOL_3_0 = 0x00030000;

  /** Protocol version 3.2, which PostgreSQL speaks since 18. */
  public static final int PROTOCOL_3_2 = 0x00030002;

  private static final int SSL_REQUEST = 80877103;
  private static final int GSSENC_REQUEST = 80877104;
  private static final int CANCEL_REQUEST = 80877102;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final Socket socket;
  private final ClientMessageWriter writer;
  private final ServerMessageReader reader;
  private final Map<String, String> parameters = new HashMap<>();
  private @Nullable BackendKeyData key;

  private WireClient(Socket socket) throws IOException {
    this.socket = socket;
    this.writer = new ClientMessageWriter(socket.getOutputStream());
    this.reader = new ServerMessageReader(socket.getInputStream());
  }

  /** Opens a connection and sends nothing. */
  public static WireClient open(String host, int port) throws IOException {
    Socket socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.connect(new InetSocketAddress(host, port), (int) TIMEOUT.toMillis());
      socket.setSoTimeout((int) TIMEOUT.toMillis());
      return new WireClient(socket);
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
      List<ServerMessage> answer =
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
  public List<ServerMessage> startUp(
      Map<String, String> startupParameters, @Nullable String password) throws IOException {
    startupMessage(PROTOCOL_3_0, startupParameters);
    return authenticate(startupParameters.getOrDefault("user", ""), password);
  }

  /**
   * Answers authentication requests after a StartupMessage.
   *
   * @return everything the server sent, up to ReadyForQuery, an ErrorResponse or the end
   */
  public List<ServerMessage> authenticate(String user, @Nullable String password)
      throws IOException {
    Authenticator authenticator = new Authenticator(user, password);
    List<ServerMessage> messages = new ArrayList<>();
    while (true) {
      ServerMessage message = read();
      if (message == null) {
        return messages;
      }
      messages.add(message);
      if (message instanceof ReadyForQuery || message instanceof ErrorResponse) {
        return messages;
      }
      if (message instanceof Authentication request) {
        byte[] answer = authenticator.answer(request);
        if (answer != null) {
          message('p', answer);
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
    writer.untyped(new Fields().int32(version).startupParameters(ordered));
    return this;
  }

  /** SSLRequest; read the answer with {@link #readByte}. */
  public WireClient sslRequest() throws IOException {
    writer.untyped(new Fields().int32(SSL_REQUEST));
    return this;
  }

  /** GSSENCRequest; read the answer with {@link #readByte}. */
  public WireClient gssEncryptionRequest() throws IOException {
    writer.untyped(new Fields().int32(GSSENC_REQUEST));
    return this;
  }

  /** CancelRequest with any key; a server answers by closing the connection. */
  public WireClient cancelRequest(BackendKeyData of) throws IOException {
    byte[] secret = new byte[of.secretKey().remaining()];
    of.secretKey().duplicate().get(secret);
    writer.untyped(new Fields().int32(CANCEL_REQUEST).int32(of.processId()).raw(secret));
    return this;
  }

  /** Query. */
  public WireClient query(String sql) throws IOException {
    writer.message('Q', new Fields().string(sql));
    return this;
  }

  /** Parse. */
  public WireClient parse(String statement, String sql, int... typeOids) throws IOException {
    writer.message('P', new Fields().string(statement).string(sql).oids(typeOids));
    return this;
  }

  /** Bind with parameters and results in text format. */
  public WireClient bind(
      String portal, String statement, List<? extends @Nullable String> parameterValues)
      throws IOException {
    return bind(portal, statement, parameterValues, 0);
  }

  /**
   * Bind with parameters in text format.
   *
   * @param resultFormat of all columns: 0 for text, 1 for binary
   */
  public WireClient bind(
      String portal,
      String statement,
      List<? extends @Nullable String> parameterValues,
      int resultFormat)
      throws IOException {
    Fields fields = new Fields().string(portal).string(statement).int16(0).values(parameterValues);
    writer.message('B', fields.int16(1).int16(resultFormat));
    return this;
  }

  /**
   * Bind with parameters in formats of their own and all results in binary format.
   *
   * @param formats of the parameters: 0 for text, 1 for binary
   */
  public WireClient bindBinary(
      String portal, String statement, List<Integer> formats, List<byte @Nullable []> values)
      throws IOException {
    Fields fields = new Fields().string(portal).string(statement).int16(formats.size());
    for (int format : formats) {
      fields.int16(format);
    }
    writer.message('B', fields.bytes(values).int16(1).int16(1));
    return this;
  }

  /** Describe a prepared statement. */
  public WireClient describeStatement(String statement) throws IOException {
    writer.message('D', new Fields().character('S').string(statement));
    return this;
  }

  /** Describe a portal. */
  public WireClient describePortal(String portal) throws IOException {
    writer.message('D', new Fields().character('P').string(portal));
    return this;
  }

  /**
   * Execute.
   *
   * @param maxRows 0 for all
   */
  public WireClient execute(String portal, int maxRows) throws IOException {
    writer.message('E', new Fields().string(portal).int32(maxRows));
    return this;
  }

  /** Close a prepared statement. */
  public WireClient closeStatement(String statement) throws IOException {
    writer.message('C', new Fields().character('S').string(statement));
    return this;
  }

  /** Close a portal. */
  public WireClient closePortal(String portal) throws IOException {
    writer.message('C', new Fields().character('P').string(portal));
    return this;
  }

  /** Sync. */
  public WireClient sync() throws IOException {
    return message('S', new byte[0]);
  }

  /** The message Flush. */
  public WireClient flush() throws IOException {
    return message('H', new byte[0]);
  }

  /** CopyData. */
  public WireClient copyData(byte[] data) throws IOException {
    return message('d', data);
  }

  /** CopyDone. */
  public WireClient copyDone() throws IOException {
    return message('c', new byte[0]);
  }

  /** CopyFail. */
  public WireClient copyFail(String reason) throws IOException {
    writer.message('f', new Fields().string(reason));
    return this;
  }

  /** Terminate. */
  public WireClient terminate() throws IOException {
    return message('X', new byte[0]);
  }

  /** Any message with a type. */
  public WireClient message(char type, byte[] body) throws IOException {
    writer.message(type, new Fields().raw(body));
    return this;
  }

  /** Any bytes. */
  public WireClient raw(byte[] bytes) {
    writer.raw(bytes);
    return this;
  }

  /** Sends everything put together so far in one write. */
  public WireClient flushOut() throws IOException {
    writer.flush();
    return this;
  }

  /**
   * Sends what is pending and reads one message.
   *
   * @return null if the server closed the connection
   */
  public @Nullable ServerMessage read() throws IOException {
    flushOut();
    return readSent();
  }

  /** Reads one message and sends nothing: for a thread beside the one that sends. */
  public @Nullable ServerMessage readSent() throws IOException {
    ServerMessage message = reader.read();
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
    return reader.readByte();
  }

  /**
   * Reads up to and including ReadyForQuery, or a fatal ErrorResponse. A CopyInResponse is answered
   * with CopyFail.
   *
   * @throws EOFException if the connection ends without either
   */
  public List<ServerMessage> readUntilReady() throws IOException {
    List<ServerMessage> messages = new ArrayList<>();
    while (true) {
      ServerMessage message = read();
      if (message == null) {
        throw new EOFException("connection closed after " + messages);
      }
      messages.add(message);
      if (message instanceof ReadyForQuery
          || (message instanceof ErrorResponse error && error.isFatal())) {
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
