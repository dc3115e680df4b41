package dev.pglambda.testing;

import java.io.DataInputStream;
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
  public static final byte[] ROW =
      Peer.message('D', "\0\1\0\0\4\0" + "0123456789abcdef".repeat(64));

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
      DataInputStream in = new DataInputStream(session.getInputStream());
      OutputStream out = session.getOutputStream();
      in.skipNBytes(in.readInt() - 4);
      out.write(Peer.message('R', "\0\0\0\0"));
      out.write(Peer.message('Z', "I"));
      while (in.read() == 'Q') {
        byte[] text = in.readNBytes(in.readInt() - 4);
        if (text[0] == 'f') {
          flood(out);
        }
        out.write(Peer.message('C', "SELECT 0\0"));
        out.write(Peer.message('Z', "I"));
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
