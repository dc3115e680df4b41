package dev.pglambda.testing;

import dev.pglambda.testing.ServerMessage.Authentication;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** A client's side of cleartext, MD5 and SCRAM-SHA-256 authentication (without channel binding). */
final class Authenticator {
  private static final int OK = 0;
  private static final int CLEARTEXT = 3;
  private static final int MD5 = 5;
  private static final int SASL = 10;
  private static final int SASL_CONTINUE = 11;
  private static final int SASL_FINAL = 12;

  private final String user;
  private final @Nullable String password;
  private @Nullable ScramSha256Client scram;

  Authenticator(String user, @Nullable String password) {
    this.user = user;
    this.password = password;
  }

  /**
   * Takes one authentication message.
   *
   * @return the body of the 'p' message to answer with, or null if none is due
   * @throws IOException if the request is not known, a password is missing, or the server does not
   *     prove that it knows the password
   */
  byte @Nullable [] answer(Authentication request) throws IOException {
    try {
      return switch (request.code()) {
        case OK -> null;
        case CLEARTEXT -> terminated(password());
        case MD5 -> terminated(md5(request.data()));
        case SASL -> saslInitial(request.data());
        case SASL_CONTINUE -> scram().proof(text(request.data())).getBytes(StandardCharsets.UTF_8);
        case SASL_FINAL -> {
          scram().verify(text(request.data()));
          yield null;
        }
        default -> throw new IOException("authentication request " + request.code());
      };
    } catch (GeneralSecurityException e) {
      throw new IOException("authentication failed: " + e.getMessage(), e);
    }
  }

  private String password() throws IOException {
    if (password == null) {
      throw new IOException("the server asks for a password of user " + user);
    }
    return password;
  }

  private ScramSha256Client scram() throws IOException {
    if (scram == null) {
      throw new IOException("SASL data without a SASL request");
    }
    return scram;
  }

  private String md5(ByteBuffer salt) throws IOException, GeneralSecurityException {
    String hashed = hex((password() + user).getBytes(StandardCharsets.UTF_8), new byte[0]);
    byte[] saltBytes = new byte[salt.remaining()];
    salt.duplicate().get(saltBytes);
    return "md5" + hex(hashed.getBytes(StandardCharsets.US_ASCII), saltBytes);
  }

  private static String hex(byte[] first, byte[] second) throws GeneralSecurityException {
    MessageDigest digest = MessageDigest.getInstance("MD5");
    digest.update(first);
    return HexFormat.of().formatHex(digest.digest(second));
  }

  private byte[] saslInitial(ByteBuffer mechanisms) throws IOException {
    if (!text(mechanisms).contains(ScramSha256Client.MECHANISM + "\0")) {
      throw new IOException("SASL mechanisms: " + text(mechanisms).replace('\0', ' '));
    }
    scram = new ScramSha256Client(password());
    byte[] first = scram.first().getBytes(StandardCharsets.UTF_8);
    return new ClientMessageWriter.Fields()
        .string(ScramSha256Client.MECHANISM)
        .int32(first.length)
        .raw(first)
        .bytes();
  }

  private static byte[] terminated(String text) {
    return (text + "\0").getBytes(StandardCharsets.UTF_8);
  }

  private static String text(ByteBuffer data) {
    return StandardCharsets.UTF_8.decode(data.duplicate()).toString();
  }
}
