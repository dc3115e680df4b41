package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.MessageDigest;
import java.util.HexFormat;
import javax.crypto.Mac;

/**
 * The keys of one installation of the extension: with them nothing can be had of another
 * (docs/development/callback-protocol.md, "The secret"). Never shows itself. Safe for use by
 * several threads.
 */
public final class InstallationKeys {
  private final String linkPassword;
  private final HmacKey requestKey;
  private final byte[] salt;

  /** Takes a password in ASCII, and its salt, which is kept, not copied. */
  InstallationKeys(String linkPassword, HmacKey requestKey, byte[] salt) {
    this.linkPassword = linkPassword;
    this.requestKey = requestKey;
    this.salt = salt;
  }

  /** Password of the installation's links: 64 hexadecimal digits. */
  public String linkPassword() {
    return linkPassword;
  }

  /** The key that signs the installation's requests. */
  public HmacKey requestKey() {
    return requestKey;
  }

  /** Salt of the link password: 16 bytes, the same in each run; a new array. */
  byte[] salt() {
    return salt.clone();
  }

  /**
   * Whether the digits prove a request: 64 lower-case hexadecimal digits. Takes the same time
   * wherever they differ.
   *
   * @param nonce what {@code hello} answered on the link
   * @param text holds the request: all that follows the proof and its space, from {@code offset} on
   */
  boolean verify(byte[] digits, String nonce, byte[] text, int offset, int length) {
    Mac mac = requestKey.mac();
    mac.update(nonce.getBytes(US_ASCII));
    mac.update((byte) ' ');
    mac.update(text, offset, length);
    String proof = HexFormat.of().formatHex(mac.doFinal());
    return MessageDigest.isEqual(proof.getBytes(US_ASCII), digits);
  }

  @Override
  public String toString() {
    return "InstallationKeys";
  }
}
