package dev.pglambda.admin;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * How many connections there may be. For one more, that is closed which has been without a whole
 * request for the longest time: who only holds connections keeps nobody out. Used on one thread.
 */
@Sharable
final class ConnectionPlaces extends ChannelInboundHandlerAdapter {
  private final int most;
  private final Set<Channel> taken = new HashSet<>();

  /** Those of them that are not being answered, the longest first. */
  private final Set<Channel> waiting = new LinkedHashSet<>();

  ConnectionPlaces(int most) {
    this.most = most;
  }

  /** Takes a place for a connection that is new; false if all the others are being answered. */
  boolean take(Channel channel) {
    if (taken.size() >= most) {
      if (waiting.isEmpty()) {
        return false;
      }
      Channel longest = waiting.iterator().next();
      leave(longest);
      longest.close();
    }
    taken.add(channel);
    waiting.add(channel);
    channel.closeFuture().addListener(closed -> leave(channel));
    return true;
  }

  private void leave(Channel channel) {
    taken.remove(channel);
    waiting.remove(channel);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event == RequestStage.ARRIVED) {
      waiting.remove(context.channel());
    } else if (event == RequestStage.ANSWERED && taken.contains(context.channel())) {
      waiting.add(context.channel());
    }
    context.fireUserEventTriggered(event);
  }
}
