package dev.pglambda.conformance;

import org.jspecify.annotations.Nullable;

/**
 * A line of the expected transcript.
 *
 * @param minVersion PostgreSQL's lowest major version for which it is expected
 * @param maxVersion the highest
 * @param mode the only mode in which it is expected, or null for both
 * @param line what is expected
 */
record Expectation(int minVersion, int maxVersion, @Nullable Mode mode, TranscriptLine line) {

  boolean applies(int version, Mode current) {
    return minVersion <= version && version <= maxVersion && (mode == null || mode == current);
  }
}
