package dev.pglambda.testing;

import dev.pglambda.testing.ClientMessageWriter.Fields;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A server for tests that says what its script says. Each connection runs the script once, one
 * after the other; it ends with the script. What goes wrong in a script is thrown by {@link
 * #close}.
 */
public final class ScriptedServer implements AutoCloseable {
  private final ServerSocket listener;
  private final Thread thread;
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();

  /** What happens on a connection. */
  public interface Script {
    /** Runs from the first byte of the connection to its last. */
    void run(Connection connection) throws IOException;
  }

  private ScriptedServer(ServerSocket listener, Script script) {
    this.listener = listener;
    this.thread = new Thread(() -> acceptAll(script), "scripted-server");
    thread.setDaemon(true);
  }

  /** Listens on a free port of the loopback interface. */
  public static ScriptedServer start(Script script) throws IOException {
    ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    ScriptedServer server = new ScriptedServer(listener, script);
    server.thread.start();
    return server;
  }

  /** Its host, for clients. */
  public String host() {
    return listener.getInetAddress().getHostAddress();
  }

  /** Its port. */
  public int port() {
    return listener.getLocalPort();
  }

  private void acceptAll(Script script) {
    while (!listener.isClosed()) {
      try (Socket socket = listener.accept()) {
        socket.setSoTimeout(30_000);
        script.run(new Connection(socket));
      } catch (SocketException e) {
        if (!listener.isClosed()) {
          failures.add(e);
        }
      } catch (IOException | RuntimeException | AssertionError e) {
        failures.add(e);
      }
    }
  }

  /** Stops listening and waits for the script. */
  @Override
  public void close() throws IOException {
    listener.close();
    try {
      thread.join(30_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while the script ran");
    }
    if (!failures.isEmpty()) {
      AssertionError error = new AssertionError("the script failed: " + failures.get(0));
      failures.forEach(error::addSuppressed);
      throw error;
    }
  }

  /** The server's side of a connection. */
  public static final class Connection {
    private final DataInputStream input;
    private final ClientMessageWriter writer;

    private Connection(Socket socket) throws IOException {
      this.input = new DataInputStream(socket.getInputStream());
      this.writer = new ClientMessageWriter(socket.getOutputStream());
    }

    /** Reads a packet of the startup phase and returns what follows its length. */
    public byte[] readStartup() throws IOException {
      return input.readNBytes(input.readInt() - 4);
    }

    /**
     * Reads a message.
     *
     * @return type and body, decoded as ISO 8859-1; null at the end of the connection
     */
    public @Nullable String readMessage() throws IOException {
      int type = input.read();
      if (type < 0) {
        return null;
      }
      int length = input.readInt() - 4;
      byte[] body = input.readNBytes(length);
      if (body.length < length) {
        throw new EOFException("connection ended within a message");
      }
      return (char) type + new String(body, StandardCharsets.ISO_8859_1);
    }

    /** Reads messages up to and including one of these types, or the end of the connection. */
    public void skipThrough(String types) throws IOException {
      String message = readMessage();
      while (message != null && types.indexOf(message.charAt(0)) < 0) {
        message = readMessage();
      }
    }

    /** Accepts a session without a password, ready for queries. */
    public void acceptSession() throws IOException {
      readStartup();
      authentication(0, new byte[0]).ready('I');
    }

    /** Authentication. */
    public Connection authentication(int code, byte[] data) throws IOException {
      return send('R', new Fields().int32(code).raw(data));
    }

    /** ParameterStatus. */
    public Connection parameter(String name, String value) throws IOException {
      return send('S', new Fields().string(name).string(value));
    }

    /** RowDescription with one column of type text. */
    public Connection textColumn(String name) throws IOException {
      Fields column = new Fields().int16(1).string(name).int32(0).int16(0).int32(25);
      return send('T', column.int16(-1).int32(-1).int16(0));
    }

    /** DataRow. */
    public Connection row(List<? extends @Nullable String> values) throws IOException {
      return send('D', new Fields().values(values));
    }

    /** CopyInResponse in text format, without columns. */
    public Connection copyIn() throws IOException {
      return send('G', new Fields().character('\0').int16(0));
    }

    /** CommandComplete. */
    public Connection complete(String tag) throws IOException {
      return send('C', new Fields().string(tag));
    }

    /** ErrorResponse. */
    public Connection error(String severity, String sqlState, String message) throws IOException {
      return send(
          'E',
          new Fields()
              .string("S" + severity)
              .string("C" + sqlState)
              .string("M" + message)
              .character('\0'));
    }

    /** ReadyForQuery. */
    public Connection ready(char status) throws IOException {
      return send('Z', new Fields().character(status));
    }

    private Connection send(char type, Fields fields) throws IOException {
      writer.message(type, fields);
      writer.flush();
      return this;
    }
  }
}
