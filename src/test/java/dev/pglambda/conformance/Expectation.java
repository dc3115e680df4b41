package dev.pglambda.conformance;

import org.jspecify.annotations.Nullable;

/**
 * A line of the expected transcript.
 *
 * @param condition when it is expected
 * @param line what is expected
 * @param copy what is sent after a CopyInResponse; null otherwise, or if there is nothing to send
 */
record Expectation(Condition condition, TranscriptLine line, @Nullable CopyInput copy) {
  Expectation(Condition condition, TranscriptLine line) {
    this(condition, line, null);
  }
}
