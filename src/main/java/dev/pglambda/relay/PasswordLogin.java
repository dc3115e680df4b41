package dev.pglambda.relay;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.config.Password;
import dev.pglambda.limits.LogThrottle;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.FrontendMessage.PasswordMessage;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.protocol.auth.Md5Password;
import dev.pglambda.protocol.auth.ScramServer;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A login for a user whom the proxy has authenticated, by the method that the server asks for:
 * SCRAM, bound to the server's certificate if there is one, MD5, or the password itself to a server
 * that is verified or on this machine. A server that trusts the proxy asks for nothing. Used on the
 * session's event loop.
 */
final class PasswordLogin implements OwnLogin {
  private static final Logger log = LoggerFactory.getLogger(PasswordLogin.class);
  private static final LogThrottle THROTTLE = new LogThrottle();
  private static final int SALT_BYTES = 4;

  private final SessionControl session;
  private final ChannelPair channels;
  private final boolean serverVerified;
  private final VerifiedUser user;
  private boolean answered;
  private @Nullable ScramLogin scram;

  /**
   * @param serverVerified whether only a server with the right certificate gets as far as this
   */
  PasswordLogin(
      SessionControl session, ChannelPair channels, boolean serverVerified, VerifiedUser user) {
    this.session = session;
    this.channels = channels;
    this.serverVerified = serverVerified;
    this.user = user;
  }

  @Override
  public boolean serverAsks(Authentication request) throws ProtocolViolation {
    if (scram != null) {
      return scram.serverAsks(request);
    }
    if (request.code() == Authentication.OK) {
      return true;
    }
    if (answered) {
      throw new ProtocolViolation(
          "a second request for a password: authentication code " + request.code());
    }
    answered = true;
    Password password = user.password();
    if (password == null) {
      fail("it asks for a password, and there is none (expected: --iam-password)");
    } else {
      answer(request, password);
    }
    return false;
  }

  private void answer(Authentication request, Password password) throws ProtocolViolation {
    switch (request.code()) {
      case Authentication.SASL -> beginScram(request, password);
      case Authentication.MD5_PASSWORD -> send(md5(request, password));
      case Authentication.CLEARTEXT_PASSWORD -> {
        if (serverVerified || channels.isServerLocal()) {
          send(password.text());
        } else {
          fail("it asks for the password in clear (expected: --backend-sslmode verify-full)");
        }
      }
      default -> fail("it asks for more than a password: authentication code " + request.code());
    }
  }

  private void beginScram(Authentication offer, Password password) {
    boolean bindable = offer.offers(ScramServer.BOUND_MECHANISM);
    if (!offer.offers(ScramServer.MECHANISM) && !(bindable && channels.serverTls() != null)) {
      fail("it offers no SCRAM-SHA-256");
      return;
    }
    scram = new ScramLogin(session, channels, bytes(password), bindable);
    scram.begin();
  }

  private String md5(Authentication request, Password password) throws ProtocolViolation {
    ByteBuffer data = request.data().duplicate();
    if (data.remaining() != SALT_BYTES) {
      throw new ProtocolViolation("invalid salt of an MD5 login");
    }
    byte[] salt = new byte[SALT_BYTES];
    data.get(salt);
    byte[] bytes = bytes(password);
    String answer = Md5Password.answer(bytes, user.name().getBytes(ISO_8859_1), salt);
    Arrays.fill(bytes, (byte) 0);
    return answer;
  }

  private static byte[] bytes(Password password) {
    return password.text().getBytes(UTF_8);
  }

  private void send(String password) {
    channels.flushToServer(
        MessageWriter.buffer(channels.allocator(), UTF_8, new PasswordMessage(password)));
  }

  /** The server's message, within which this is called, is to be read to its end. */
  private void fail(String reason) {
    THROTTLE.warn(log, "cannot log in to the server for a user of --iam-users: {}", reason);
    session.execute(
        () ->
            session.endWith(
                new SqlError(
                    SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                    "proxy cannot log in to the server: " + reason)));
  }
}
