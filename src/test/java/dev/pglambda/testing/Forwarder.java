package dev.pglambda.testing;

import static dev.pglambda.testing.Awaiting.await;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A TCP forwarding on loopback that breaks when the test says so, and keeps a copy of what passed.
 * What is said counts for the connections that are opened afterwards. Safe for use by many threads.
 */
public final class Forwarder implements AutoCloseable {
  /** A direction. */
  public enum Direction {
    /** From who connects. */
    TO_TARGET,
    /** To who connects. */
    FROM_TARGET
  }

  /** How a connection breaks. */
  public enum Break {
    /** Both sides are closed in order (FIN). */
    CLOSE,
    /** Both sides are reset (RST). */
    RESET,
    /** Nothing passes any more, either way, and nobody is told. */
    SILENCE
  }

  private record Fault(Direction direction, int bytes, Break how) {}

  private final ServerSocket listener;

  private final List<Connection> connections = new CopyOnWriteArrayList<>();
  private final AtomicInteger silent = new AtomicInteger();

  private volatile int target;
  private volatile @Nullable Fault fault;
  private volatile byte[] header = {};

  private Forwarder(ServerSocket listener) {
    this.listener = listener;
  }

  /** Listens on a free port; connections are refused until {@link #target} is called. */
  public static Forwarder start() throws IOException {
    Forwarder forwarder = new Forwarder(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    run("forwarder", forwarder::accept);
    return forwarder;
  }

  /** Host and port to connect to, as {@code 127.0.0.1:34567}. */
  public String address() {
    return "127.0.0.1:" + listener.getLocalPort();
  }

  /** The port on loopback to which new connections lead. */
  public Forwarder target(int port) {
    target = port;
    return this;
  }

  /** New connections break when so many bytes have passed in a direction. */
  public void breakAfter(Direction direction, int bytes, Break how) {
    fault = new Fault(direction, bytes, how);
  }

  /** New connections to the target begin with these bytes. */
  public Forwarder beginWith(byte[] bytes) {
    header = bytes.clone();
    return this;
  }

  /** New connections last. */
  public void heal() {
    fault = null;
  }

  /** Closes the connections that are open now. */
  public void closeAll() {
    connections.forEach(connection -> connection.end(Break.CLOSE));
  }

  /** How many connections have fallen silent. */
  public int silent() {
    return silent.get();
  }

  /** Waits until so many connections have fallen silent. */
  public void awaitSilent(int count) {
    await("silent connections").until(silent::get, now -> now >= count);
  }

  /** How many connections were opened. */
  public int opened() {
    return connections.size();
  }

  /** What has passed over the newest connection, one {@code char} per byte. */
  public String passed(Direction direction) {
    return connections.get(connections.size() - 1).passed(direction);
  }

  private static void run(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket near = listener.accept();
        try {
          Connection connection =
              new Connection(near, new Socket(InetAddress.getLoopbackAddress(), target), fault);
          connections.add(connection);
          connection.start();
        } catch (IOException unreachable) {
          near.close();
        }
      }
    } catch (IOException closed) {
      closeAll();
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private final class Connection {
    private final Socket near;
    private final Socket far;
    private final @Nullable Fault fault;
    private final ByteArrayOutputStream toTarget = new ByteArrayOutputStream();
    private final ByteArrayOutputStream fromTarget = new ByteArrayOutputStream();
    private volatile boolean silent;

    private Connection(Socket near, Socket far, @Nullable Fault fault) throws IOException {
      this.near = near;
      this.far = far;
      this.fault = fault;
      near.setTcpNoDelay(true);
      far.setTcpNoDelay(true);
      far.getOutputStream().write(header);
    }

    private void start() {
      run("forwarder to target", () -> pump(Direction.TO_TARGET, near, far));
      run("forwarder from target", () -> pump(Direction.FROM_TARGET, far, near));
    }

    private ByteArrayOutputStream copy(Direction direction) {
      return direction == Direction.TO_TARGET ? toTarget : fromTarget;
    }

    private String passed(Direction direction) {
      return copy(direction).toString(ISO_8859_1);
    }

    private void pump(Direction direction, Socket from, Socket to) {
      int left =
          fault != null && fault.direction() == direction ? fault.bytes() : Integer.MAX_VALUE;
      byte[] buffer = new byte[8192];
      try {
        while (true) {
          if (left == 0 && fault != null) {
            end(fault.how());
            left = Integer.MAX_VALUE;
          }
          int read = from.getInputStream().read(buffer, 0, Math.min(left, buffer.length));
          if (read < 0) {
            break;
          }
          if (!silent) {
            copy(direction).write(buffer, 0, read);
            to.getOutputStream().write(buffer, 0, read);
            left -= read;
          }
        }
      } catch (IOException ended) {
        // As it should, when the other direction has ended.
      }
      if (!silent) {
        end(Break.CLOSE);
      }
    }

    /** Ends both directions. */
    private void end(Break how) {
      if (how == Break.SILENCE) {
        silent = true;
        Forwarder.this.silent.incrementAndGet();
        return;
      }
      for (Socket socket : List.of(near, far)) {
        try {
          if (how == Break.RESET) {
            socket.setSoLinger(true, 0);
          }
          socket.close();
        } catch (IOException closed) {
          // By the other direction.
        }
      }
    }
  }
}
