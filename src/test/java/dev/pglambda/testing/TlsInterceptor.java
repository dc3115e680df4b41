package dev.pglambda.testing;

import dev.pglambda.protocol.StartupPacket;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * Who stands between a client of PostgreSQL and its server on loopback, ends the client's TLS with
 * a certificate of his own, and passes everything on.
 */
public final class TlsInterceptor implements AutoCloseable {
  private final ServerSocket listener;
  private final SSLContext context;
  private final int target;
  private final boolean encrypts;
  private final AtomicInteger handshakes = new AtomicInteger();

  private TlsInterceptor(ServerSocket listener, SSLContext context, int target, boolean encrypts) {
    this.listener = listener;
    this.context = context;
    this.target = target;
    this.encrypts = encrypts;
  }

  /**
   * Listens on a free port.
   *
   * @param encrypts whether he uses TLS towards the server
   */
  public static TlsInterceptor start(TestIdentity shown, int target, boolean encrypts)
      throws IOException {
    ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    TlsInterceptor interceptor = new TlsInterceptor(listener, context(shown), target, encrypts);
    run(interceptor::accept);
    return interceptor;
  }

  private static SSLContext context(TestIdentity shown) throws IOException {
    try {
      Certificate certificate =
          CertificateFactory.getInstance("X.509")
              .generateCertificate(
                  new ByteArrayInputStream(
                      shown.certificatePem().getBytes(StandardCharsets.US_ASCII)));
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(
          "key", shown.keys().getPrivate(), new char[0], new Certificate[] {certificate});
      KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(store, new char[0]);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), null, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  /** Host and port to connect to. */
  public String address() {
    return "127.0.0.1:" + listener.getLocalPort();
  }

  /** How many clients have begun TLS with him. */
  public int handshakes() {
    return handshakes.get();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket near = listener.accept();
        run(() -> relay(near));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void relay(Socket near) {
    try {
      byte[] request = near.getInputStream().readNBytes(8);
      if (request.length < 8 || request[7] != (byte) StartupPacket.SSL_REQUEST) {
        throw new IOException("no SSLRequest");
      }
      near.getOutputStream().write('S');
      SSLSocket client =
          (SSLSocket) context.getSocketFactory().createSocket(near, "localhost", 0, true);
      client.setUseClientMode(false);
      client.startHandshake();
      handshakes.incrementAndGet();
      Socket server =
          encrypts
              ? TlsPeer.of(target).connect().socket()
              : new Socket(InetAddress.getLoopbackAddress(), target);
      run(() -> pump(client, server));
      pump(server, client);
    } catch (IOException refused) {
      close(near);
    }
  }

  private static void pump(Socket from, Socket to) {
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] buffer = new byte[8192];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        out.write(buffer, 0, read);
        out.flush();
      }
    } catch (IOException ended) {
      // By either side.
    }
    close(from);
    close(to);
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException closed) {
      // It is.
    }
  }

  private static void run(Runnable task) {
    Thread thread = new Thread(task, "TLS interceptor");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
