package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.MessageStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/**
 * A server for tests that takes hundreds of sessions: it lets everybody in, answers the query
 * {@code flood} with rows without end, and every other query with nothing but its end. Rows are all
 * alike.
 */
public final class FloodingServer implements AutoCloseable {
  /** A DataRow of the flood. */
  public static final byte[] ROW = Peer.message(Peer.row("0123456789abcdef".repeat(64)));

  private static final int ROWS_IN_A_WRITE = 32;

  private final ServerSocket listener;

  // Guarded by this.
  private final List<Socket> sessions = new ArrayList<>();

  private FloodingServer(ServerSocket listener) {
    this.listener = listener;
  }

  /** Listens on a free port of loopback. */
  public static FloodingServer start() throws IOException {
    FloodingServer server =
        new FloodingServer(new ServerSocket(0, 500, InetAddress.getLoopbackAddress()));
    run("flooding-server", server::accept);
    return server;
  }

  public int port() {
    return listener.getLocalPort();
  }

  private static void run(String name, Runnable task) {
    Thread thread = new Thread(null, task, name, 128 << 10);
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket session = listener.accept();
        synchronized (this) {
          sessions.add(session);
        }
        run("flooding-session", () -> serve(session));
      }
    } catch (IOException closed) {
      // The end.
    }
  }

  private static void serve(Socket session) {
    try (session) {
      session.setTcpNoDelay(true);
      OutputStream out = session.getOutputStream();
      MessageStream messages = new MessageStream(session.getInputStream(), out, US_ASCII);
      messages.readStartup();
      messages.send(Authentication.ok(), new ReadyForQuery('I'));
      while (messages.readFrontend() instanceof Query query) {
        if (query.text().equals("flood")) {
          flood(out);
        }
        messages.send(new CommandComplete("SELECT 0"), new ReadyForQuery('I'));
      }
    } catch (IOException ended) {
      // The client has gone, or the proxy.
    }
  }

  private static void flood(OutputStream out) throws IOException {
    byte[] rows = new byte[ROWS_IN_A_WRITE * ROW.length];
    for (int i = 0; i < ROWS_IN_A_WRITE; i++) {
      System.arraycopy(ROW, 0, rows, i * ROW.length, ROW.length);
    }
    while (true) {
      out.write(rows);
    }
  }

  @Override
  public synchronized void close() throws IOException {
    listener.close();
    for (Socket session : sessions) {
      session.close();
    }
  }
}
