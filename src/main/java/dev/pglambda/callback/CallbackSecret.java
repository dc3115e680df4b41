package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.protocol.auth.Sha256;
import java.io.IOException;
import java.nio.file.Path;
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

  /**
   * The secret that the operator gave.
   *
   * @throws IllegalArgumentException if there are fewer than {@value #MIN_BYTES}
   */
  public static CallbackSecret of(byte[] bytes) {
    if (bytes.length < MIN_BYTES) {
      throw new IllegalArgumentException(
          "--callback-secret: %d octets (expected: at least %d)"
              .formatted(bytes.length, MIN_BYTES));
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
    byte[] bytes = SecretFile.loadOrCreate(file).getBytes(UTF_8);
    if (bytes.length < MIN_BYTES) {
      throw new IOException(
          "callback secret in %s: %d octets (expected: at least %d)"
              .formatted(file, bytes.length, MIN_BYTES));
    }
    return new CallbackSecret(bytes);
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
   * The keys of an installation, the same in each run.
   *
   * @throws IllegalArgumentException if it is not {@linkplain #isInstallation this secret's}
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
