package dev.pglambda.conformance;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One message to the server and what is expected for it.
 *
 * @param line where in the file it stands
 * @param sql one statement, or several in the simple protocol
 * @param parameters values of {@code $1}, {@code $2} ... in text format
 * @param expectations the answer, then the requests at the endpoint
 */
record Step(
    int line, String sql, List<@Nullable String> parameters, List<Expectation> expectations) {

  /** What is expected of a version in a mode. */
  List<TranscriptLine> expected(int version, Mode mode) {
    return expectations.stream()
        .filter(expectation -> expectation.applies(version, mode))
        .map(Expectation::line)
        .toList();
  }
}
