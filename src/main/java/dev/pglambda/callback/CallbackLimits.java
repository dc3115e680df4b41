package dev.pglambda.callback;

import java.time.Duration;

/**
 * The sizes and times a callback link keeps to (docs/architecture.md, "The callback protocol").
 *
 * @param authenticationTimeout longest time from the StartupMessage to the proof of the password
 * @param answerWithin longest wait for Lambda before a request is answered {@code pending}
 * @param waitWithin longest time from the answer {@code pending} to the next {@code wait/1}, after
 *     which the call is given up
 * @param maxRequestOctets longest text of a request; a longer one is read, dropped and refused
 */
public record CallbackLimits(
    Duration authenticationTimeout,
    Duration answerWithin,
    Duration waitWithin,
    int maxRequestOctets) {

  /**
   * The documented values. A backend that no longer waits closes its link, whether its statement
   * was cancelled or it ended; the limit on the next {@code wait/1} is for one that is frozen or
   * cut off, and so long that a busy machine does not look like it. 16 MB hold the largest payload
   * that Lambda takes (6 MB, AWS Lambda guide, "Lambda quotas") in its hexadecimal form with room
   * to spare, so that Lambda itself can refuse one that is too large.
   */
  public static final CallbackLimits DEFAULTS =
      new CallbackLimits(
          Duration.ofSeconds(10), Duration.ofMillis(100), Duration.ofSeconds(10), 16 << 20);
}
