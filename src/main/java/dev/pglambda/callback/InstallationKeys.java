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

  /**
   * @param linkPassword ASCII
   * @param requestKey signs requests
   * @param salt of the link password; kept, not copied
   */
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
   * The proof of a request: 64 lower-case hexadecimal digits.
   *
   * @param nonce what {@code hello} answered on the link
   * @param rest all bytes of the request after the proof and its space
   */
  public String proof(String nonce, byte[] rest) {
    return proof(nonce, rest, 0, rest.length);
  }

  /**
   * Whether the digits are the proof of a part of a text; takes the same time wherever they differ.
   */
  boolean verify(byte[] digits, String nonce, byte[] text, int offset, int length) {
    return MessageDigest.isEqual(proof(nonce, text, offset, length).getBytes(US_ASCII), digits);
  }

  private String proof(String nonce, byte[] text, int offset, int length) {
    Mac mac = requestKey.mac();
    mac.update(nonce.getBytes(US_ASCII));
    mac.update((byte) ' ');
    mac.update(text, offset, length);
    return HexFormat.of().formatHex(mac.doFinal());
  }

  @Override
  public String toString() {
    return "InstallationKeys";
  }
}
