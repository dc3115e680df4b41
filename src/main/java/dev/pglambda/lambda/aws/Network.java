package dev.pglambda.lambda.aws;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** What lies between the proxy and AWS: HTTP proxies, and who signs certificates. Thread-safe. */
final class Network {
  private static final Pattern CERTIFICATE =
      Pattern.compile(
          "-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END [A-Z0-9 ]+-----");

  private final HttpProxies proxies;
  private final @Nullable Path caBundle;
  private final String source;
  private final boolean container;
  private final boolean namesHosts;
  private TrustManager @Nullable [] trusted;

  /**
   * @param proxies HTTP proxies
   * @param caBundle file of certificates in PEM to be trusted instead of the JVM's, or null
   * @param source the setting that names the file
   * @param container whether the proxy runs in a container, whose loopback is its own
   */
  Network(HttpProxies proxies, @Nullable Path caBundle, String source, boolean container) {
    this(proxies, caBundle, source, container, false);
  }

  private Network(
      HttpProxies proxies,
      @Nullable Path caBundle,
      String source,
      boolean container,
      boolean namesHosts) {
    this.proxies = proxies;
    this.caBundle = caBundle;
    this.source = source;
    this.container = container;
    this.namesHosts = namesHosts;
  }

  /** Without anything between. */
  static Network direct() {
    return new Network(HttpProxies.none(), null, "", false);
  }

  /** The same for one of several endpoints: a hint names the host that was tried. */
  Network namingHosts() {
    return new Network(proxies, caBundle, source, container, true);
  }

  HttpProxies proxies() {
    return proxies;
  }

  /**
   * What to tell a user about a host that cannot be reached directly, or null. In a container the
   * names of loopback do not mean the machine around it.
   */
  @Nullable String hint(String host) {
    if (container && HttpProxies.isLoopback(host)) {
      return ("The host that was tried is %s, which in this container is the container itself. The"
              + " machine around it is host.docker.internal.")
          .formatted(host);
    }
    return namesHosts ? "The host that was tried is %s.".formatted(host) : null;
  }

  /**
   * Whom to trust; null for the JVM's own. Reads the file once; if it cannot be used, the message
   * names the setting, not the file.
   */
  synchronized TrustManager @Nullable [] trustManagers() throws IOException {
    if (trusted == null && caBundle != null) {
      trusted = read(caBundle);
    }
    return trusted;
  }

  private TrustManager[] read(Path file) throws IOException {
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      Matcher blocks = CERTIFICATE.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
      while (blocks.find()) {
        String block = blocks.group().replaceAll("(TRUSTED |X509 )CERT", "CERT");
        Certificate certificate =
            factory.generateCertificate(
                new ByteArrayInputStream(block.getBytes(StandardCharsets.ISO_8859_1)));
        store.setCertificateEntry("ca-" + store.size(), certificate);
      }
      if (store.size() == 0) {
        throw new IOException("no certificate in it");
      }
      TrustManagerFactory managers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(store);
      return managers.getTrustManagers();
    } catch (IOException | GeneralSecurityException e) {
      throw new IOException(source + " names no file with certificates in PEM", e);
    }
  }
}
