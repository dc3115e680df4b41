package dev.pglambda.relay;

import io.netty.channel.Channel;

/**
 * Keeps one side from sending more than the other takes: each direction on its own, so that neither
 * waits for the other.
 */
final class BackPressure {
  private BackPressure() {}

  /**
   * After what the source sent was written to the sink, within a series of reads: such a series can
   * be a megabyte, and many clients that do not read make much of it.
   */
  static void within(Channel source, Channel sink) {
    if (!sink.isWritable()) {
      sink.flush();
      after(source, sink);
    }
  }

  /**
   * After a series of reads was written to the sink and flushed: reads on only when the sink can
   * take more. Reading is resumed by {@link #resume}.
   */
  static void after(Channel source, Channel sink) {
    if (!sink.isWritable()) {
      source.config().setAutoRead(false);
    }
  }

  /** When the sink's writability has changed. */
  static void resume(Channel source, Channel sink) {
    if (sink.isWritable()) {
      source.config().setAutoRead(true);
    }
  }
}
