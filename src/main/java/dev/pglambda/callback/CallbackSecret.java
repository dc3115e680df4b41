package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.protocol.auth.RandomToken;
import dev.pglambda.protocol.auth.Sha256;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * The proxy's one secret, and what is derived from it (docs/development/callback-protocol.md, "The
 * secret"). It never shows in {@link #toString()}. Safe for use by several threads.
 */
public final class CallbackSecret {
  /** Fewest bytes of a secret: the length of the hash. */
  public static final int MIN_BYTES = 32;

  private static final int SALT_BYTES = 16;
  private static final int INSTALLATION_DIGITS = 32;
  private static final Pattern INSTALLATION = Pattern.compile("[0-9a-f]{32}");

  private final byte[] bytes;

  private CallbackSecret(byte[] bytes) {
    this.bytes = bytes;
  }

  /** The secret that the operator gave, of at least {@value #MIN_BYTES} bytes. */
  public static CallbackSecret of(byte[] bytes) {
    if (bytes.length < MIN_BYTES) {
      throw new IllegalArgumentException(
          "--callback-secret: %d bytes (expected: at least %d)".formatted(bytes.length, MIN_BYTES));
    }
    return new CallbackSecret(bytes.clone());
  }

  /**
   * The secret kept in a file, which is created, with its directories, if it is not there. The
   * file's text is the secret, so that {@link #of} makes the same secret of it.
   *
   * @throws IOException if the file can neither be read nor created, or holds too little; the
   *     message names the path
   */
  public static CallbackSecret loadOrCreate(Path file) throws IOException {
    byte[] bytes = textOf(file).getBytes(UTF_8);
    if (bytes.length < MIN_BYTES) {
      throw new IOException(
          "callback secret in %s: %d bytes (expected: at least %d)"
              .formatted(file, bytes.length, MIN_BYTES));
    }
    return new CallbackSecret(bytes);
  }

  /** The file's text without white space around it; made of 32 random bytes if it is not there. */
  private static String textOf(Path file) throws IOException {
    try {
      if (!Files.exists(file)) {
        create(file.toAbsolutePath());
      }
      return new String(Files.readAllBytes(file), UTF_8).strip();
    } catch (IOException | UnsupportedOperationException e) {
      throw new IOException(
          "cannot read or create the callback secret in %s: %s".formatted(file, e), e);
    }
  }

  /**
   * Writes a private file under another name and then links it, so that nobody, not even another
   * proxy that starts at the same time, ever sees half a secret or replaces one.
   */
  private static void create(Path file) throws IOException {
    Path directory = file.resolveSibling("");
    Files.createDirectories(directory);
    Path written = Files.createTempFile(directory, ".secret", "", ownerOnly(directory));
    try {
      Files.write(written, (RandomToken.hex(32) + "\n").getBytes(US_ASCII));
      publish(written, file);
    } catch (FileAlreadyExistsException e) {
      // Another proxy was first; its secret counts.
    } finally {
      Files.deleteIfExists(written);
    }
  }

  private static void publish(Path written, Path file) throws IOException {
    try {
      Files.createLink(file, written);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (IOException | UnsupportedOperationException e) {
      // A file system without hard links.
      Files.move(written, file);
    }
  }

  private static FileAttribute<?>[] ownerOnly(Path directory) {
    boolean posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
    return posix
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  /**
   * A name for a new installation of the extension: 32 lower-case hexadecimal digits, of which half
   * are random and half say that this secret made it. Thus an unknown peer cannot make one up.
   */
  public String newInstallation() {
    String random = RandomToken.hex(INSTALLATION_DIGITS / 4);
    return random + mark(random);
  }

  /** Whether the text was made by {@link #newInstallation} with this secret. */
  public boolean isInstallation(String installation) {
    if (!INSTALLATION.matcher(installation).matches()) {
      return false;
    }
    String random = installation.substring(0, INSTALLATION_DIGITS / 2);
    return MessageDigest.isEqual(
        mark(random).getBytes(US_ASCII),
        installation.substring(INSTALLATION_DIGITS / 2).getBytes(US_ASCII));
  }

  private String mark(String random) {
    byte[] bytes = derive("installation " + random);
    return HexFormat.of().formatHex(bytes, 0, INSTALLATION_DIGITS / 4);
  }

  /**
   * The keys of an {@linkplain #isInstallation installation} of this secret, the same in each run.
   */
  public InstallationKeys keys(String installation) {
    if (!isInstallation(installation)) {
      throw new IllegalArgumentException("installation: not of this secret");
    }
    return new InstallationKeys(
        HexFormat.of().formatHex(derive("link password " + installation)),
        new HmacKey(derive("request key " + installation)),
        Arrays.copyOf(derive("salt " + installation), SALT_BYTES));
  }

  /**
   * The key that signs the run-time parameter of a session, at whose start nobody knows which
   * installation it will call: the same for all.
   */
  public HmacKey callbackKey() {
    return new HmacKey(derive("callback key"));
  }

  private byte[] derive(String purpose) {
    return Sha256.hmac(bytes, ("pglambda " + purpose).getBytes(US_ASCII));
  }

  @Override
  public String toString() {
    return "CallbackSecret";
  }
}
