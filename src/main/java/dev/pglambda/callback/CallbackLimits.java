package dev.pglambda.callback;

import dev.pglambda.limits.MemoryBudget;
import java.time.Duration;

/**
 * The sizes and times a callback link keeps to (docs/development/callback-protocol.md, "The
 * callback protocol").
 *
 * @param authenticationTimeout longest time from the StartupMessage to the proof of the password
 * @param answerWithin longest wait for Lambda before a request is answered {@code pending}
 * @param waitWithin longest time from the answer {@code pending} to the next {@code wait/1}, after
 *     which the call is given up
 * @param maxRequestBytes longest text of a request; a longer one is read, dropped and refused
 * @param maxLinks most links that have authenticated
 * @param maxCallsPerSession most calls in progress of one client's session; there can be one, or,
 *     while one is given up, two
 * @param idleAfter time without a request after which a link is closed that nobody will miss
 * @param memory what may be held, with an account for each link
 */
public record CallbackLimits(
    Duration authenticationTimeout,
    Duration answerWithin,
    Duration waitWithin,
    int maxRequestBytes,
    int maxLinks,
    int maxCallsPerSession,
    Duration idleAfter,
    MemoryBudget memory) {

  /**
   * The documented values. A backend that no longer waits closes its link, whether its statement
   * was cancelled or it ended; the limit on the next {@code wait/1} is for one that is frozen or
   * cut off, and so long that a busy machine does not look like it. 16 MB hold the largest payload
   * that Lambda takes (6 MB, AWS Lambda guide, "Lambda quotas") in its hexadecimal form with room
   * to spare, so that Lambda itself can refuse one that is too large. A worker that has a session
   * uses its link without asking whether it is still there, so that only links without one, or
   * whose session has ended, are closed when they are idle.
   */
  public static final CallbackLimits DEFAULTS =
      new CallbackLimits(
          Duration.ofSeconds(10),
          Duration.ofMillis(100),
          Duration.ofSeconds(10),
          16 << 20,
          1000,
          4,
          Duration.ofMinutes(10),
          MemoryBudget.unlimited());

  /** The documented values, with those that are configured. */
  public static CallbackLimits of(int maxLinks, MemoryBudget memory) {
    return new CallbackLimits(
        DEFAULTS.authenticationTimeout,
        DEFAULTS.answerWithin,
        DEFAULTS.waitWithin,
        DEFAULTS.maxRequestBytes,
        maxLinks,
        DEFAULTS.maxCallsPerSession,
        DEFAULTS.idleAfter,
        memory);
  }
}
