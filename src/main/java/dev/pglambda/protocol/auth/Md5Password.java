package dev.pglambda.protocol.auth;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;

/** What a client answers to AuthenticationMD5Password (PostgreSQL manual, "Message Flow"). */
public final class Md5Password {
  private Md5Password() {}

  /**
   * The text for a PasswordMessage.
   *
   * @param user in the bytes of the StartupMessage
   * @param salt the server's
   */
  public static String answer(byte[] password, byte[] user, byte[] salt) {
    return "md5" + hex(hex(password, user).getBytes(US_ASCII), salt);
  }

  private static String hex(byte[] first, byte[] second) {
    try {
      MessageDigest digest = MessageDigest.getInstance("MD5");
      digest.update(first);
      return HexFormat.of().formatHex(digest.digest(second));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // every Java platform has it
    }
  }
}
