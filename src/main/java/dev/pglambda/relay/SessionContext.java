package dev.pglambda.relay;

/**
 * What the parts of one session share. Used on the session's event loop.
 *
 * @param session its life
 * @param channels its two connections
 * @param announced who has announced its end
 * @param replies what the server owes
 * @param settings what the server has told of the session
 * @param prepared the names that are known
 * @param series what the client has sent since its last Sync or Query
 * @param errors what errors about the proxy's own messages leave behind
 */
public record SessionContext(
    SessionControl session,
    ChannelPair channels,
    AnnouncedEnd announced,
    ReplyQueue replies,
    ReportedSettings settings,
    PreparedStatements prepared,
    ClientSeries series,
    OwnErrors errors) {

  public ExtendedQueryPipeline pipeline() {
    return new ExtendedQueryPipeline(session.memory(), channels, replies);
  }
}
