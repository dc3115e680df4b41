package dev.pglambda.protocol.auth;

import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import org.jspecify.annotations.Nullable;

/**
 * A client's login is bound to another connection than this one: somebody stands between the two.
 */
public final class ChannelBindingException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient SqlError error;

  private ChannelBindingException(String message, @Nullable String detail) {
    super(message, null, false, false);
    this.error = new SqlError(SqlState.INVALID_AUTHORIZATION_SPECIFICATION, message, detail, null);
  }

  /** In PostgreSQL's words (auth-scram.c, read_client_first_message). */
  static ChannelBindingException notOffered() {
    return new ChannelBindingException(
        "SCRAM channel binding negotiation error",
        "The client supports SCRAM channel binding but thinks the server does not.  However, this"
            + " server does support channel binding.");
  }

  /** In PostgreSQL's words (auth-scram.c, read_client_final_message). */
  static ChannelBindingException otherCertificate() {
    return new ChannelBindingException("SCRAM channel binding check failed", null);
  }

  /** What the client is told. */
  public SqlError error() {
    return error;
  }
}
