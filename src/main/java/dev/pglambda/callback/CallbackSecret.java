package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Mac;

/**
 * The proxy's one secret, and what is derived from it (docs/architecture.md, "The secret"). It
 * never shows in {@link #toString()}. Safe for use by several threads.
 */
public final class CallbackSecret {
  /** Fewest octets of a secret: the length of the hash. */
  public static final int MIN_OCTETS = 32;

  private static final int BLOCK_OCTETS = 64;

  private final byte[] octets;

  private CallbackSecret(byte[] octets) {
    this.octets = octets;
  }

  /**
   * The secret that the operator gave: the octets of the text in UTF-8.
   *
   * @throws IllegalArgumentException if it has fewer than {@value #MIN_OCTETS} octets
   */
  public static CallbackSecret of(String configured) {
    return of(configured.getBytes(UTF_8));
  }

  /**
   * The secret that the operator gave, as octets.
   *
   * @throws IllegalArgumentException if there are fewer than {@value #MIN_OCTETS}
   */
  public static CallbackSecret of(byte[] octets) {
    if (octets.length < MIN_OCTETS) {
      throw new IllegalArgumentException(
          "--callback-secret: %d octets (expected: at least %d)"
              .formatted(octets.length, MIN_OCTETS));
    }
    return new CallbackSecret(octets.clone());
  }

  /**
   * The secret kept in a file, which is created, with its directories, if it is not there. The
   * file's text is the secret, so that {@link #of} makes the same secret of it.
   *
   * @throws IOException if the file can neither be read nor created, or holds too little; the
   *     message names the path
   */
  public static CallbackSecret loadOrCreate(Path file) throws IOException {
    byte[] octets = SecretFile.loadOrCreate(file).getBytes(UTF_8);
    if (octets.length < MIN_OCTETS) {
      throw new IOException(
          "callback secret in %s: %d octets (expected: at least %d)"
              .formatted(file, octets.length, MIN_OCTETS));
    }
    return new CallbackSecret(octets);
  }

  /** Password of the user {@link CallbackServer#USER}: 64 hexadecimal digits. */
  public String linkPassword() {
    return sign("pglambda link");
  }

  /** The HMAC key padded with 0x36 (RFC 2104, {@code K XOR ipad}): 64 octets, a new array. */
  public byte[] innerKeyPad() {
    return keyPad(0x36);
  }

  /** The HMAC key padded with 0x5c (RFC 2104, {@code K XOR opad}): 64 octets, a new array. */
  public byte[] outerKeyPad() {
    return keyPad(0x5c);
  }

  /**
   * The proof of a request: 64 lower-case hexadecimal digits.
   *
   * @param nonce what {@code hello} answered on the link
   * @param rest all octets of the request after the proof and its space
   */
  public String proof(String nonce, byte[] rest) {
    return proof(nonce, rest, 0, rest.length);
  }

  /**
   * HMAC-SHA256 of the text in UTF-8: 64 lower-case hexadecimal digits. For texts that are no
   * request, so that a signature is never a proof.
   */
  String sign(String text) {
    return HexFormat.of().formatHex(mac().doFinal(text.getBytes(UTF_8)));
  }

  /**
   * Whether the digits are the proof of a part of a text; takes the same time wherever they differ.
   */
  boolean verify(byte[] digits, String nonce, byte[] text, int offset, int length) {
    return MessageDigest.isEqual(proof(nonce, text, offset, length).getBytes(US_ASCII), digits);
  }

  /** Salt of the link password: 16 octets, the same in each run. */
  byte[] salt() {
    return Arrays.copyOf(mac().doFinal("pglambda salt".getBytes(US_ASCII)), 16);
  }

  private String proof(String nonce, byte[] text, int offset, int length) {
    Mac mac = mac();
    mac.update(nonce.getBytes(US_ASCII));
    mac.update((byte) ' ');
    mac.update(text, offset, length);
    return HexFormat.of().formatHex(mac.doFinal());
  }

  private byte[] keyPad(int pad) {
    byte[] key = octets.length > BLOCK_OCTETS ? Sha256.hash(octets) : octets;
    byte[] block = Arrays.copyOf(key, BLOCK_OCTETS);
    for (int i = 0; i < block.length; i++) {
      block[i] ^= (byte) pad;
    }
    return block;
  }

  private Mac mac() {
    return Sha256.hmac(octets);
  }

  @Override
  public String toString() {
    return "CallbackSecret";
  }
}
