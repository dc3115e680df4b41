package dev.pglambda.relay;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;

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

  /**
   * Has the client told that the server is ready behind messages of the proxy's own: by the server
   * when it has answered them; or by the proxy if that takes longer than {@code limit}. Then the
   * server reads what the client sends as soon as it has answered.
   *
   * @param answered completes with the answer to those messages, which end with a Sync
   */
  public void readyBehind(CompletionStage<?> answered, Duration limit) {
    ExtendedQueryPipeline ready =
        pipeline().closeStatement(ExtendedQueryPipeline.OWN_NAME).forClient(true).sync();
    ready.send();
    Future<?> late =
        session.schedule(
            () -> {
              if (session.tellReady()) {
                ready.hideReady();
              }
            },
            limit.toMillis());
    answered.whenComplete((replies, error) -> late.cancel(false));
  }
}
