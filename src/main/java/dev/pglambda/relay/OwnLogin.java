package dev.pglambda.relay;

import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.ProtocolViolation;

/** A login of the proxy's own to the server, of which the client sees nothing but the end. */
sealed interface OwnLogin permits ScramLogin, PasswordLogin {

  /**
   * Answers the server.
   *
   * @return whether this is the end: the server has accepted the login
   */
  boolean serverAsks(Authentication request) throws ProtocolViolation;
}
