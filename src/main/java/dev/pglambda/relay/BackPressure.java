package dev.pglambda.relay;

import dev.pglambda.limits.ReadControl;
import dev.pglambda.limits.ReadControl.Reason;
import dev.pglambda.protocol.FrameScanner;
import io.netty.channel.Channel;

/**
 * Keeps one side from sending more than the other takes: each direction on its own, so that neither
 * waits for the other. No state of its own: {@link ReadControl} keeps the reasons.
 */
final class BackPressure {
  /**
   * While a message is held the client is read on up to here, so that it is seen when it closes.
   */
  private static final int MOST_WAITING_OCTETS = 64 * 1024;

  private BackPressure() {}

  /**
   * After what the source sent was written to the sink, within a series of reads: such a series can
   * be a megabyte, and many clients that do not read make much of it.
   */
  static void within(Channel source, Channel sink) {
    if (!sink.isWritable()) {
      sink.flush();
    }
    after(source, sink);
  }

  /** After a series of reads was flushed to the sink, and when the sink's writability changes. */
  static void after(Channel source, Channel sink) {
    ReadControl.of(source).set(Reason.PEER_FULL, !sink.isWritable());
  }

  /** After what the client sent was scanned, and what the server has answered. */
  static void limit(Channel client, ReplyQueue replies, FrameScanner fromClient) {
    ReadControl reading = ReadControl.of(client);
    reading.set(
        Reason.PIPELINE_FULL,
        reading.has(Reason.PIPELINE_FULL) ? !replies.hasRoom() : replies.isFull());
    reading.set(Reason.HELD, fromClient.waitingOctets() > MOST_WAITING_OCTETS);
  }
}
