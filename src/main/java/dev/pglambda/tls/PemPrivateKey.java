package dev.pglambda.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Reads a private key in the forms that OpenSSL writes: PKCS #8 (RFC 5958), PKCS #1 for RSA (RFC
 * 8017), SEC 1 for EC (RFC 5915), each of them encrypted or not. Messages show nothing of the key
 * or its password.
 */
final class PemPrivateKey {
  private static final Pattern BLOCK =
      Pattern.compile(
          "-----BEGIN ((?:ENCRYPTED |RSA |EC )?PRIVATE KEY)-----(.{1,100000}?)-----END \\1-----",
          Pattern.DOTALL);

  /** Of an encrypted key in a form older than PKCS #8 (RFC 1421, section 4.6.1.3). */
  private static final Pattern DEK_INFO =
      Pattern.compile("DEK-Info: *([A-Z0-9-]+), *([0-9A-Fa-f]+)");

  private static final String RSA_ENCRYPTION = "1.2.840.113549.1.1.1";
  private static final String EC_PUBLIC_KEY = "1.2.840.10045.2.1";
  private static final String PBES2 = "1.2.840.113549.1.5.13";
  private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS");
  private static final int SALT_BYTES = 8;

  /** There is none; {@link #getMessage} says why not. */
  static final class UnusableKeyException extends Exception {
    private static final long serialVersionUID = 1L;

    UnusableKeyException(String message) {
      super(message);
    }
  }

  private final char @Nullable [] password;

  private PemPrivateKey(char @Nullable [] password) {
    this.password = password;
  }

  /**
   * The first key in the text.
   *
   * @param password null if there is none
   */
  static PrivateKey read(String pem, char @Nullable [] password) throws UnusableKeyException {
    Matcher block = BLOCK.matcher(pem);
    if (!block.find()) {
      throw new UnusableKeyException("no private key in it");
    }
    try {
      return new PemPrivateKey(password).decode(block.group(1), block.group(2));
    } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
      // Without the cause: decoders quote what they read.
      throw new UnusableKeyException(
          password == null
              ? "a private key that cannot be read"
              : "a private key that cannot be read, perhaps because of a wrong password");
    }
  }

  private PrivateKey decode(String label, String body)
      throws GeneralSecurityException, IOException, UnusableKeyException {
    byte[] der = bytes(body);
    return switch (label) {
      case "ENCRYPTED PRIVATE KEY" -> key(decrypted(new EncryptedPrivateKeyInfo(der)));
      case "RSA PRIVATE KEY" -> key(wrapped(der, Der.oid(RSA_ENCRYPTION), Der.nothing()));
      case "EC PRIVATE KEY" -> key(wrapped(der, Der.oid(EC_PUBLIC_KEY), curve(der)));
      default -> key(new PKCS8EncodedKeySpec(der));
    };
  }

  private byte[] bytes(String body) throws GeneralSecurityException, UnusableKeyException {
    Matcher header = DEK_INFO.matcher(body);
    if (!header.find()) {
      return Base64.getMimeDecoder().decode(body.strip());
    }
    byte[] encrypted = Base64.getMimeDecoder().decode(body.substring(header.end()).strip());
    byte[] initial = HexFormat.of().parseHex(header.group(2));
    String algorithm = header.group(1);
    int keyBytes =
        switch (algorithm) {
          case "AES-128-CBC" -> 16;
          case "AES-192-CBC", "DES-EDE3-CBC" -> 24;
          case "AES-256-CBC" -> 32;
          default -> throw new UnusableKeyException("a private key encrypted by " + algorithm);
        };
    String name = algorithm.startsWith("AES") ? "AES" : "DESede";
    Cipher cipher = Cipher.getInstance(name + "/CBC/PKCS5Padding");
    cipher.init(
        Cipher.DECRYPT_MODE,
        new SecretKeySpec(derivedKey(initial, keyBytes), name),
        new IvParameterSpec(initial));
    return cipher.doFinal(encrypted);
  }

  /** OpenSSL's EVP_BytesToKey with MD5 and one iteration (crypto/pem/pem_lib.c). */
  private byte[] derivedKey(byte[] salt, int length)
      throws GeneralSecurityException, UnusableKeyException {
    byte[] secret = new String(password()).getBytes(US_ASCII);
    MessageDigest md5 = MessageDigest.getInstance("MD5");
    byte[] key = new byte[length];
    byte[] block = new byte[0];
    for (int at = 0; at < length; at += block.length) {
      md5.update(block);
      md5.update(secret);
      md5.update(salt, 0, SALT_BYTES);
      block = md5.digest();
      System.arraycopy(block, 0, key, at, Math.min(block.length, length - at));
    }
    Arrays.fill(secret, (byte) 0);
    return key;
  }

  private PKCS8EncodedKeySpec decrypted(EncryptedPrivateKeyInfo info)
      throws GeneralSecurityException, UnusableKeyException {
    AlgorithmParameters parameters = info.getAlgParameters();
    boolean isPbes2 = info.getAlgName().equals("PBES2") || info.getAlgName().equals(PBES2);
    // The JDK tells key derivation and cipher of PBES2 (RFC 8018) by this alone.
    String algorithm = isPbes2 && parameters != null ? parameters.toString() : info.getAlgName();
    PBEKeySpec secret = new PBEKeySpec(password());
    SecretKey key = SecretKeyFactory.getInstance(algorithm).generateSecret(secret);
    secret.clearPassword();
    Cipher cipher = Cipher.getInstance(algorithm);
    cipher.init(Cipher.DECRYPT_MODE, key, parameters);
    return info.getKeySpec(cipher);
  }

  private char[] password() throws UnusableKeyException {
    if (password == null) {
      throw new UnusableKeyException("an encrypted private key, but no password file");
    }
    return password;
  }

  /** Name of the curve, an object identifier, which the key carries. */
  private static byte[] curve(byte[] der) {
    return Der.part(der, Der.CONTEXT_CONSTRUCTED);
  }

  private static PKCS8EncodedKeySpec wrapped(byte[] der, byte[] algorithm, byte[] parameters) {
    return new PKCS8EncodedKeySpec(
        Der.sequence(
            Der.integer(BigInteger.ZERO),
            Der.sequence(algorithm, parameters),
            Der.value(Der.OCTET_STRING, der)));
  }

  private static PrivateKey key(PKCS8EncodedKeySpec encoded) throws GeneralSecurityException {
    for (String algorithm : ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
      } catch (InvalidKeySpecException e) {
        // The next one.
      }
    }
    throw new InvalidKeySpecException("none of " + ALGORITHMS);
  }
}
