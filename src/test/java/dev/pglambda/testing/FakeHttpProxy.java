package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * An HTTP proxy on loopback that connects every CONNECT to one address, whatever host it names, and
 * records the requests.
 */
public final class FakeHttpProxy implements AutoCloseable {
  private final ServerSocket listener;
  private final int target;
  private final String answer;
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "fake-http-proxy");
            thread.setDaemon(true);
            return thread;
          });
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();

  private FakeHttpProxy(int target, String answer) {
    this.target = target;
    this.answer = answer;
    try {
      listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    threads.execute(this::accept);
  }

  /** Connects to a port on loopback. */
  public static FakeHttpProxy to(int target) {
    return new FakeHttpProxy(target, "200 Connection established");
  }

  /** Answers with a status, for example {@code 407 Proxy Authentication Required}. */
  public static FakeHttpProxy refusing(String status) {
    return new FakeHttpProxy(0, status);
  }

  /** Answers nothing. */
  public static FakeHttpProxy silent() {
    return new FakeHttpProxy(0, "");
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** For a variable, for example {@code http://127.0.0.1:3128}. */
  public String url() {
    return "http://127.0.0.1:" + port();
  }

  /** The heads of the requests so far. */
  public List<String> requests() {
    return List.copyOf(requests);
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        sockets.add(client);
        threads.execute(() -> serve(client));
      }
    } catch (IOException closed) {
      // the end
    }
  }

  private void serve(Socket client) {
    try {
      String head = head(client.getInputStream());
      requests.add(head);
      if (answer.isEmpty()) {
        return;
      }
      OutputStream out = client.getOutputStream();
      if (!answer.startsWith("200")) {
        out.write(("HTTP/1.1 " + answer + "\r\nContent-Length: 2\r\n\r\nno").getBytes(ISO_8859_1));
        return;
      }
      Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
      sockets.add(server);
      out.write(("HTTP/1.1 " + answer + "\r\n\r\n").getBytes(ISO_8859_1));
      threads.execute(() -> copy(server, client));
      copy(client, server);
    } catch (IOException gone) {
      close(client);
    }
  }

  private static String head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    while (!head.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("no request");
      }
      head.write(next);
    }
    return head.toString(ISO_8859_1);
  }

  private static void copy(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
      to.shutdownOutput();
    } catch (IOException gone) {
      close(from);
      close(to);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    sockets.forEach(FakeHttpProxy::close);
    threads.shutdownNow();
  }
}
