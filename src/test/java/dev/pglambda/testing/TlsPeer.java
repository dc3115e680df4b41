package dev.pglambda.testing;

import static dev.pglambda.testing.Peer.packet;

import dev.pglambda.protocol.StartupPacket;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** How a client of PostgreSQL begins TLS, in Java's own. Trusts every server. Immutable. */
public final class TlsPeer {
  /** Reads of the handshake, too, give up. */
  private static final int READ_TIMEOUT_MS = 10_000;

  private final int port;
  private final List<String> versions;
  private final List<String> alpn;
  private final @Nullable String certificate;

  private TlsPeer(
      int port, List<String> versions, List<String> alpn, @Nullable String certificate) {
    this.port = port;
    this.versions = versions;
    this.alpn = alpn;
    this.certificate = certificate;
  }

  public static TlsPeer of(int port) {
    return new TlsPeer(port, List.of("TLSv1.3", "TLSv1.2"), List.of(), null);
  }

  /** Only this version, for example {@code TLSv1.2}. */
  public TlsPeer version(String only) {
    return new TlsPeer(port, List.of(only), alpn, certificate);
  }

  public TlsPeer alpn(String... protocols) {
    return new TlsPeer(port, versions, List.of(protocols), certificate);
  }

  /** With a certificate of {@link TestCertificates}. */
  public TlsPeer shows(String name) {
    return new TlsPeer(port, versions, alpn, name);
  }

  /** Asks for TLS, and does the handshake. */
  public Peer connect() throws IOException {
    return over(new Socket(InetAddress.getLoopbackAddress(), port));
  }

  /** Does the handshake without asking. */
  public Peer connectDirectly() throws IOException {
    return Peer.over(encrypted(new Socket(InetAddress.getLoopbackAddress(), port)));
  }

  /** As {@link #connect}, and each byte, from the first to the last, is a write of its own. */
  public Peer trickle() throws IOException {
    return over(new TricklingSocket(port));
  }

  /** As {@link #connect}, over a connection that is there, and can be closed below TLS. */
  public Peer over(Socket socket) throws IOException {
    return Peer.over(encrypted(asked(socket)));
  }

  /** Asks for TLS on a connection that has just been opened, and does the handshake. */
  static Socket encrypt(Socket socket) throws IOException {
    return of(socket.getPort()).encrypted(asked(socket));
  }

  /** The client's side of a handshake without a connection. */
  public SSLEngine engine() throws IOException {
    SSLEngine engine = context().createSSLEngine("localhost", port);
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(versions.toArray(String[]::new));
    parameters.setApplicationProtocols(alpn.toArray(String[]::new));
    engine.setSSLParameters(parameters);
    return engine;
  }

  /** What a client sends first: one record with a ClientHello (RFC 8446, section 4.1.2). */
  public byte[] clientHello() throws IOException {
    SSLEngine engine = engine();
    ByteBuffer record = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    engine.wrap(ByteBuffer.allocate(0), record);
    return Arrays.copyOf(record.array(), record.position());
  }

  private static Socket asked(Socket socket) throws IOException {
    socket.setSoTimeout(READ_TIMEOUT_MS);
    socket.getOutputStream().write(packet(StartupPacket.SSL_REQUEST, ""));
    int answer = socket.getInputStream().read();
    if (answer != 'S') {
      socket.close();
      throw new IOException("answer to SSLRequest: " + answer);
    }
    return socket;
  }

  private Socket encrypted(Socket socket) throws IOException {
    socket.setSoTimeout(READ_TIMEOUT_MS);
    SSLSocket encrypted =
        (SSLSocket) context().getSocketFactory().createSocket(socket, "localhost", port, true);
    try {
      SSLParameters parameters = encrypted.getSSLParameters();
      parameters.setProtocols(versions.toArray(String[]::new));
      parameters.setApplicationProtocols(alpn.toArray(String[]::new));
      encrypted.setSSLParameters(parameters);
      encrypted.startHandshake();
      return encrypted;
    } catch (IOException e) {
      encrypted.close();
      throw e;
    }
  }

  private SSLContext context() throws IOException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys(), new TrustManager[] {new Trusting()}, new SecureRandom());
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private KeyManager @Nullable [] keys() throws GeneralSecurityException, IOException {
    if (certificate == null) {
      return null;
    }
    byte[] der =
        Files.readAllBytes(TestCertificates.key(certificate).resolveSibling(certificate + ".pk8"));
    PrivateKey key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (InputStream in = Files.newInputStream(TestCertificates.certificate(certificate))) {
      Certificate shown = CertificateFactory.getInstance("X.509").generateCertificate(in);
      store.setKeyEntry("key", key, new char[0], new Certificate[] {shown});
    }
    KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
    factory.init(store, new char[0]);
    return factory.getKeyManagers();
  }

  private static final class Trusting implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  private static final class TricklingSocket extends Socket {
    TricklingSocket(int port) throws IOException {
      super(InetAddress.getLoopbackAddress(), port);
      setTcpNoDelay(true);
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
      return new FilterOutputStream(super.getOutputStream()) {
        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
          for (int i = offset; i < offset + length; i++) {
            out.write(bytes[i]);
            out.flush();
          }
        }
      };
    }
  }
}
