package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.Column;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.BackendMessage.RowDescription;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.MessageStream;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.StartupPacket;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
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
    private final MessageStream stream;

    private Connection(Socket socket) throws IOException {
      this.stream = new MessageStream(socket.getInputStream(), socket.getOutputStream(), UTF_8);
    }

    /** Reads a packet of the startup phase; null at the end of the connection. */
    public @Nullable StartupPacket readStartup() throws IOException {
      return stream.readStartup();
    }

    /** Reads a message; null at the end of the connection. */
    public @Nullable FrontendMessage read() throws IOException {
      return stream.readFrontend();
    }

    /** Reads messages up to and including a Query, Sync or Terminate, or the end. */
    public void skipSeries() throws IOException {
      FrontendMessage message = read();
      while (message != null && !endsSeries(message)) {
        message = read();
      }
    }

    private static boolean endsSeries(FrontendMessage message) {
      return message instanceof FrontendMessage.Query
          || message instanceof FrontendMessage.Sync
          || message instanceof FrontendMessage.Terminate;
    }

    /** Accepts a session without a password, ready for queries. */
    public void acceptSession() throws IOException {
      readStartup();
      send(Authentication.ok()).ready(ReadyForQuery.IDLE);
    }

    /** RowDescription with one column of type text. */
    public Connection textColumn(String name) throws IOException {
      return send(new RowDescription(List.of(Column.text(name))));
    }

    /** DataRow. */
    public Connection row(List<? extends @Nullable String> values) throws IOException {
      return send(DataRow.of(values));
    }

    /** CommandComplete. */
    public Connection complete(String tag) throws IOException {
      return send(new CommandComplete(tag));
    }

    /** ErrorResponse. */
    public Connection error(String severity, String sqlState, String message) throws IOException {
      SqlError error = new SqlError(sqlState, message, null, null);
      return send(new ErrorResponse(ErrorFields.of(severity, error)));
    }

    /** ReadyForQuery. */
    public Connection ready(char status) throws IOException {
      return send(new ReadyForQuery(status));
    }

    /** Any messages. */
    public Connection send(BackendMessage... messages) throws IOException {
      stream.send(messages);
      return this;
    }
  }
}
