package dev.pglambda.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/**
 * An address where connecting neither succeeds nor fails: a listener whose backlog is full, so that
 * the kernel (Linux) drops every further SYN.
 */
public final class UnansweredAddress implements AutoCloseable {
  private static final int MOST_FILLERS = 64;
  private static final int PROBE_MS = 200;

  private final ServerSocket listener;
  private final List<Socket> backlog = new ArrayList<>();

  private UnansweredAddress() throws IOException {
    listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  /** Listens, and fills the backlog. */
  public static UnansweredAddress open() throws IOException {
    UnansweredAddress address = new UnansweredAddress();
    address.fill();
    return address;
  }

  private void fill() throws IOException {
    InetSocketAddress target =
        new InetSocketAddress(listener.getInetAddress(), listener.getLocalPort());
    for (int i = 0; i < MOST_FILLERS; i++) {
      Socket filler = new Socket();
      backlog.add(filler);
      try {
        filler.connect(target, PROBE_MS);
      } catch (SocketTimeoutException full) {
        return;
      }
    }
    throw new IOException("connections accepted: " + MOST_FILLERS + " (expected: a full backlog)");
  }

  /** Where not to get an answer. */
  public URI uri() {
    return URI.create("http://127.0.0.1:" + listener.getLocalPort());
  }

  @Override
  public void close() throws IOException {
    for (Socket filler : backlog) {
      filler.close();
    }
    listener.close();
  }
}
