package dev.pglambda.limits;

import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.util.EnumSet;
import java.util.Set;

/**
 * Decides whether a channel is read: it is while there is no {@link Reason} against it. A channel
 * has one of these, and nothing else changes its {@code autoRead}. Used on the channel's event
 * loop.
 */
public final class ReadControl {

  public enum Reason {
    /** What handles its bytes is not there yet. */
    STARTUP,
    /** The channel to which its bytes go has not taken those that were written. */
    PEER_FULL,
    /** As many of its messages are unanswered as may be. */
    PIPELINE_FULL,
    /** Bytes wait behind a message that is held, as many as may. */
    HELD
  }

  private static final AttributeKey<ReadControl> KEY =
      AttributeKey.valueOf(ReadControl.class, "control");

  private final Channel channel;
  private final Set<Reason> reasons = EnumSet.noneOf(Reason.class);
  private boolean toEnd;

  private ReadControl(Channel channel) {
    this.channel = channel;
    if (!channel.config().isAutoRead()) {
      reasons.add(Reason.STARTUP);
    }
  }

  /** The one of a channel; a channel that was opened without autoRead waits for its startup. */
  public static ReadControl of(Channel channel) {
    ReadControl control = channel.attr(KEY).get();
    if (control == null) {
      control = new ReadControl(channel);
      channel.attr(KEY).set(control);
    }
    return control;
  }

  public boolean has(Reason reason) {
    return reasons.contains(reason);
  }

  public void set(Reason reason, boolean holds) {
    boolean changed = holds ? reasons.add(reason) : reasons.remove(reason);
    if (changed && !toEnd) {
      channel.config().setAutoRead(reasons.isEmpty());
    }
  }

  /**
   * From now on the channel is read whatever reasons there are, and its bytes are to be dropped:
   * its end is not noticed otherwise, and a peer that waits to be read reads nothing.
   */
  public void readToEnd() {
    toEnd = true;
    channel.config().setAutoRead(true);
  }
}
