package dev.pglambda.relay;

/**
 * What the parts of one session share. Used on the session's event loop.
 *
 * @param session the two connections
 * @param replies what the server owes
 * @param settings what the server has told of the session
 * @param prepared the names that are known
 * @param series what the client has sent since its last Sync or Query
 * @param errors what errors about the proxy's own messages leave behind
 */
public record SessionContext(
    Session session,
    ReplyQueue replies,
    ReportedSettings settings,
    PreparedStatements prepared,
    ClientSeries series,
    OwnErrors errors) {

  /** A new series of the proxy's own messages. */
  public ExtendedQueryPipeline pipeline() {
    return new ExtendedQueryPipeline(session, replies);
  }
}
