package dev.pglambda.admin;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What all answers together hold until their clients have read them, in bytes. One that is larger
 * than all of it passes alone, so that no call is too large to be looked at. Safe for use by many
 * threads.
 */
final class AnswerMemory {
  static final long DEFAULT_BYTES = 64L << 20;

  /** An answer up to here does not count: the number of connections limits what they take. */
  private static final int SMALL = 128 * 1024;

  private final long mostBytes;
  private final AtomicLong held = new AtomicLong();

  AnswerMemory(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  /** Whether there is room for so many bytes; if there is, they are to be released once. */
  boolean hold(int bytes) {
    if (bytes <= SMALL) {
      return true;
    }
    long others = held.getAndAdd(bytes);
    if (others > 0 && others + bytes > mostBytes) {
      held.addAndGet(-bytes);
      return false;
    }
    return true;
  }

  void release(int bytes) {
    if (bytes > SMALL) {
      held.addAndGet(-bytes);
    }
  }

  /** The answer in place of one that there is no room for. */
  static HttpAnswer refusal() {
    return HttpAnswer.error(
        HttpResponseStatus.SERVICE_UNAVAILABLE,
        "answer: no memory beside those that are being read (expected: fewer, or faster readers)");
  }
}
