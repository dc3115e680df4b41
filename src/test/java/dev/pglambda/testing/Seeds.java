package dev.pglambda.testing;

import java.util.Random;

/**
 * The seeds of a test of random input: always the same ones, so that a build that passes passes
 * again. With the system property {@code pglambda.test.random-seeds} they are others in each run,
 * as in the nightly job. {@code pglambda.test.conversations} says how many there are; {@code
 * pglambda.test.seed} is the only one, to repeat a failure.
 *
 * @param first the others follow it, each greater by one
 * @param count how many there are
 */
public record Seeds(long first, int count) {
  private static final boolean RANDOM = Boolean.getBoolean("pglambda.test.random-seeds");

  /**
   * The seeds that the system properties ask for.
   *
   * @param fixed the first, unless another is asked for
   * @param count how many, unless another number is asked for
   */
  public static Seeds of(long fixed, int count) {
    Long repeated = Long.getLong("pglambda.test.seed");
    if (repeated != null) {
      return new Seeds(repeated, 1);
    }
    long first = RANDOM ? new Random().nextLong() >>> 16 : fixed;
    return new Seeds(first, Integer.getInteger("pglambda.test.conversations", count));
  }
}
