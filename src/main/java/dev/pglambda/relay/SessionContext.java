package dev.pglambda.relay;

/**
 * What the parts of one session share. Used on the session's event loop.
 *
 * @param session the two connections
 * @param replies what the server owes
 * @param settings what the server has told of the session
 * @param prepared the names that are known
 */
public record SessionContext(
    Session session, ReplyQueue replies, ReportedSettings settings, PreparedStatements prepared) {

  /** A new series of the proxy's own messages. */
  public ExtendedQueryPipeline pipeline() {
    return new ExtendedQueryPipeline(session, replies);
  }
}
