package dev.pglambda.admin;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Closes a connection whose next request does not begin, or does not end, in time. */
final class RequestDeadline extends ChannelInboundHandlerAdapter {
  private final AdminLimits limits;

  /** Null while a request is answered. */
  private @Nullable Future<?> deadline;

  private boolean begun;

  RequestDeadline(AdminLimits limits) {
    this.limits = limits;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    begun = true; // the first request is what the connection is for
    set(context, limits.request());
    context.fireChannelActive();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object bytes) {
    if (deadline != null && !begun) {
      begun = true;
      set(context, limits.request());
    }
    context.fireChannelRead(bytes);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event == RequestStage.ARRIVED) {
      cancel();
    } else if (event == RequestStage.ANSWERED) {
      begun = false;
      set(context, limits.idle());
    }
    context.fireUserEventTriggered(event);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    cancel();
    context.fireChannelInactive();
  }

  private void set(ChannelHandlerContext context, Duration time) {
    cancel();
    deadline =
        context.executor().schedule(() -> context.close(), time.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void cancel() {
    if (deadline != null) {
      deadline.cancel(false);
      deadline = null;
    }
  }
}
