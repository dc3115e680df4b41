package dev.pglambda.relay;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.pglambda.config.LoginMode;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.auth.ReceivedPassword;
import dev.pglambda.protocol.auth.ScramServer;
import dev.pglambda.tls.EndPointBinding;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.SslHandler;
import org.jspecify.annotations.Nullable;

/**
 * What the proxy has to do with a client's login to the server. A client's messages pass, but for
 * SCRAM where both connections are encrypted: a client binds its login to the certificate that it
 * sees, which is the proxy's, or says that it would have; the server refuses both (auth-scram.c,
 * read_client_first_message). There the proxy asks for the password, inside TLS, and logs in
 * itself.
 *
 * <pre>
 *   server                                  client
 *   AuthenticationSASL         ──► ┊ ──► AuthenticationCleartextPassword
 *   SASLInitialResponse        ◄── ┊ ◄── PasswordMessage
 *   AuthenticationSASLContinue ──► ┊
 *   SASLResponse               ◄── ┊
 *   AuthenticationSASLFinal    ──► ┊
 *   AuthenticationOk           ──► ┊ ──► AuthenticationOk
 * </pre>
 *
 * A client whom the proxy has authenticated before the session is asked nothing: it gets
 * AuthenticationOk and what follows it. What a client sends while the proxy logs in waits: the
 * server takes nothing but passwords until it has accepted (auth.c, recv_password_packet).
 *
 * <p>Used on the session's event loop.
 */
final class ProxyLogin {
  private final SessionControl session;
  private final ChannelPair channels;
  private final LoginMode mode;

  /** Whether the client's next answer is the proxy's. */
  private boolean asked;

  /** With {@link #asked}: whether the server offers to have the login bound to its certificate. */
  private boolean bindable;

  /** Once the client has answered, or from the start, until the server has accepted. */
  private @Nullable OwnLogin own;

  /**
   * @param user whom the proxy has authenticated; null: nobody, the server will
   */
  ProxyLogin(
      SessionControl session,
      ChannelPair channels,
      RelaySettings settings,
      @Nullable VerifiedUser user) {
    this.session = session;
    this.channels = channels;
    this.mode = settings.login();
    this.own =
        user == null
            ? null
            : new PasswordLogin(session, channels, settings.isServerVerified(), user);
  }

  /**
   * The server asks the client, who is not authenticated yet.
   *
   * @return what the client gets in its place, perhaps nothing; null: that, unchanged
   */
  @Nullable ByteBuf serverAsks(Authentication request) throws ProtocolViolation {
    if (asked) {
      throw new ProtocolViolation(
          "authentication code %d before an answer".formatted(request.code()));
    }
    if (own == null) {
      return request.code() == Authentication.SASL ? offered(request) : null;
    }
    boolean accepted = own.serverAsks(request);
    if (accepted) {
      own = null;
    }
    return accepted ? null : Unpooled.EMPTY_BUFFER;
  }

  private @Nullable ByteBuf offered(Authentication offer) {
    bindable = offer.offers(ScramServer.BOUND_MECHANISM);
    SslHandler client = channels.clientTls();
    SslHandler server = channels.serverTls();
    if (client == null) {
      // Several clients refuse a server that offers what needs TLS where there is none.
      return bindable ? toClient(offer.without(ScramServer.BOUND_MECHANISM)) : null;
    }
    boolean passes =
        switch (mode) {
          case PASSTHROUGH -> true;
          case ASK -> !bindable && !offer.offers(ScramServer.MECHANISM);
          case AUTO ->
              !bindable || server == null || EndPointBinding.isSameCertificate(client, server);
        };
    if (passes) {
      return null;
    }
    asked = true;
    return toClient(new Authentication(Authentication.CLEARTEXT_PASSWORD, ""));
  }

  private ByteBuf toClient(Authentication message) {
    return MessageWriter.buffer(channels.allocator(), ISO_8859_1, message);
  }

  /** Whether a message of the client's that can be a password is for the proxy. */
  boolean takesPassword() {
    return asked;
  }

  /** Whether the proxy is logging in, so that the client's messages are to wait. */
  boolean isInProgress() {
    return own != null;
  }

  /** Takes the password out of a PasswordMessage, and wipes it there. */
  void answered(ByteBuf buffer, int index, int length) throws ProtocolViolation {
    byte[] password =
        ReceivedPassword.take(buffer, index + Frame.HEADER_LENGTH, length - Frame.HEADER_LENGTH);
    if (password.length == 0) {
      session.endWith(ReceivedPassword.EMPTY);
      return;
    }
    asked = false;
    ScramLogin login = new ScramLogin(session, channels, password, bindable);
    own = login;
    login.begin();
  }
}
