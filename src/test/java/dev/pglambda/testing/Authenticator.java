package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.PasswordMessage;
import dev.pglambda.protocol.FrontendMessage.SaslInitialResponse;
import dev.pglambda.protocol.FrontendMessage.SaslResponse;
import dev.pglambda.protocol.auth.ScramClient;
import dev.pglambda.protocol.auth.ScramServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** A client's side of cleartext, MD5 and SCRAM-SHA-256 authentication (without channel binding). */
final class Authenticator {
  private final String user;
  private final @Nullable String password;
  private @Nullable ScramClient scram;

  Authenticator(String user, @Nullable String password) {
    this.user = user;
    this.password = password;
  }

  /**
   * Takes one authentication message.
   *
   * @return the message to answer with, or null if none is due
   * @throws IOException if the request is not known, a password is missing, or the server does not
   *     prove that it knows the password
   */
  @Nullable FrontendMessage answer(Authentication request) throws IOException {
    try {
      return switch (request.code()) {
        case Authentication.OK -> null;
        case Authentication.CLEARTEXT_PASSWORD -> new PasswordMessage(password());
        case Authentication.MD5_PASSWORD -> new PasswordMessage(md5(request.data()));
        case Authentication.SASL -> saslInitial(request);
        case Authentication.SASL_CONTINUE -> sasl(scram().last(request.text()));
        case Authentication.SASL_FINAL -> {
          scram().verify(request.text());
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

  private ScramClient scram() throws IOException {
    if (scram == null) {
      throw new IOException("SASL data without a SASL request");
    }
    return scram;
  }

  private String md5(ByteBuffer salt) throws IOException, GeneralSecurityException {
    String hashed = hex((password() + user).getBytes(UTF_8), new byte[0]);
    byte[] saltBytes = new byte[salt.remaining()];
    salt.duplicate().get(saltBytes);
    return "md5" + hex(hashed.getBytes(StandardCharsets.US_ASCII), saltBytes);
  }

  private static String hex(byte[] first, byte[] second) throws GeneralSecurityException {
    MessageDigest digest = MessageDigest.getInstance("MD5");
    digest.update(first);
    return HexFormat.of().formatHex(digest.digest(second));
  }

  private FrontendMessage saslInitial(Authentication request) throws IOException {
    if (!request.offers(ScramServer.MECHANISM)) {
      throw new IOException("SASL mechanisms: " + request.text().replace('\0', ' '));
    }
    scram = new ScramClient(password());
    return new SaslInitialResponse(ScramServer.MECHANISM, UTF_8.encode(scram.first()));
  }

  private static FrontendMessage sasl(String data) {
    return new SaslResponse(UTF_8.encode(data));
  }
}
