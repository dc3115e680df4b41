package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The proof as the worker makes it in SQL, from the padded keys: no HMAC of the platform's. */
final class WorkerProof {
  private WorkerProof() {}

  static String of(InstallationKeys keys, String nonce, String rest) {
    return hex(keys.requestKey().innerPad(), keys.requestKey().outerPad(), nonce + " " + rest);
  }

  static String hex(byte[] innerKeyPad, byte[] outerKeyPad, String text) {
    byte[] inner = sha256(innerKeyPad, text.getBytes(UTF_8));
    return HexFormat.of().formatHex(sha256(outerKeyPad, inner));
  }

  static byte[] sha256(byte[]... parts) {
    try {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      for (byte[] part : parts) {
        all.writeBytes(part);
      }
      return MessageDigest.getInstance("SHA-256").digest(all.toByteArray());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
