package dev.pglambda.relay;

/**
 * Whom the replies to a message concern beside the client. Messages of the client's that nobody
 * looked at have none.
 */
sealed interface ReplyOwner
    permits ReplyListener, PreparedStatements.SentMessage, ReplyOwner.OwnMessage {

  /** A message of the proxy's own. */
  enum OwnMessage implements ReplyOwner {
    /** What follows it depends on it: its error is the client's. */
    OFFER,
    /** No client depends on it. */
    STORE
  }
}
