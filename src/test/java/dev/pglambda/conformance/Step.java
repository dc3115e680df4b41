package dev.pglambda.conformance;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One message to the server and what is expected for it.
 *
 * @param line where in the file it stands
 * @param sql one statement, or several in the simple protocol
 * @param parameters values of {@code $1}, {@code $2} ... as text
 * @param outOfRange why the proxy does not serve it itself; null if it does, or if it calls nothing
 * @param expectations the answer, then the requests at the endpoint
 */
record Step(
    int line,
    String sql,
    List<@Nullable String> parameters,
    @Nullable String outOfRange,
    List<Expectation> expectations) {

  /** Whether it is sent in a variant. */
  boolean isFor(Variant variant) {
    return outOfRange == null || variant.calls() != CallingMode.ABSENT;
  }

  /** What is expected of a version in a variant. */
  List<TranscriptLine> expected(int version, Variant variant) {
    return applicable(version, variant).map(Expectation::line).toList();
  }

  /** What is sent after the CopyInResponses of a version in a variant, in their order. */
  List<CopyInput> copies(int version, Variant variant) {
    return applicable(version, variant)
        .filter(expectation -> expectation.line().name().equals(TranscriptLine.COPY_IN_RESPONSE))
        .map(expectation -> Objects.requireNonNullElse(expectation.copy(), CopyInput.NONE))
        .toList();
  }

  private Stream<Expectation> applicable(int version, Variant variant) {
    return expectations.stream()
        .filter(expectation -> expectation.condition().holds(version, variant));
  }
}
