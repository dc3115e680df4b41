package dev.pglambda.relay;

import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import java.util.List;

/**
 * Whom the replies to a message concern beside the client. Messages of the client's that nobody
 * looked at have none.
 */
sealed interface ReplyOwner
    permits ReplyListener,
        PreparedStatements.SentMessage,
        ReplyOwner.Replaced,
        ReplyOwner.OwnMessage {

  /**
   * A text of which something was replaced.
   *
   * @param spans what, in order
   */
  record Replaced(List<ReplacedSpan> spans) implements ReplyOwner {}

  /** A message of the proxy's own. */
  enum OwnMessage implements ReplyOwner {
    /** What follows it depends on it: its error is the client's. */
    OFFER,
    /** No client depends on it. */
    STORE
  }
}
