package dev.pglambda.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Puts a step together, line by line; a line out of place is an IllegalArgumentException. */
final class StepBuilder {
  private final int line;
  private final StringBuilder sql;
  private boolean sqlEnded;
  private @Nullable List<@Nullable String> parameters;
  private @Nullable String outOfRange;
  private final List<Expectation> expectations = new ArrayList<>();

  StepBuilder(int line, String sql) {
    this.line = line;
    this.sql = new StringBuilder(sql);
  }

  /** Where in the file it begins. */
  int line() {
    return line;
  }

  /** Whether more SQL belongs to this step; else it begins the next. */
  boolean takesSql() {
    return !sqlEnded && expectations.isEmpty() && parameters == null && outOfRange == null;
  }

  /** An empty line stands behind the text. */
  void endSql() {
    sqlEnded = true;
  }

  void sql(String text) {
    sql.append('\n').append(text);
  }

  void parameters(String text) {
    if (parameters != null || !expectations.isEmpty()) {
      throw new IllegalArgumentException("parameters (expected: once, right behind a statement)");
    }
    List<@Nullable String> values = new ArrayList<>();
    ValueScanner scanner = new ValueScanner(text);
    while (!scanner.atEnd()) {
      Value parameter = scanner.value();
      if (parameter instanceof Value.Text value) {
        values.add(value.text());
      } else if (parameter instanceof Value.Null) {
        values.add(null);
      } else {
        throw new IllegalArgumentException("parameter %s (expected: a value)".formatted(parameter));
      }
    }
    parameters = values;
  }

  void direct(String value) {
    if (outOfRange != null || !expectations.isEmpty()) {
      throw new IllegalArgumentException("direct (expected: once, before the answer)");
    }
    outOfRange = Range.reason(value);
  }

  void answer(String text) {
    Expectation expectation = ExpectationLine.parse(text);
    if (isEnd(last()) && !isEnd(expectation)) {
      throw new IllegalArgumentException("an answer behind the end of the answer");
    }
    expectations.add(expectation);
  }

  void copy(String text) {
    Value line = new ValueScanner(text).rest();
    if (!(line instanceof Value.Text value)) {
      throw new IllegalArgumentException("copy: %s (expected: a text)".formatted(line));
    }
    CopyInput before = copyBefore("copy");
    copy(new CopyInput(before.data() + value.text() + "\n", null));
  }

  void copyFail(String message) {
    copy(new CopyInput(copyBefore("copy-fail").data(), message));
  }

  private CopyInput copyBefore(String key) {
    Expectation last = last();
    if (last == null || !last.line().name().equals(TranscriptLine.COPY_IN_RESPONSE)) {
      throw new IllegalArgumentException(key + " (expected: right behind CopyInResponse)");
    }
    CopyInput before = last.copy();
    if (before == null) {
      return new CopyInput("", null);
    }
    if (before.failure() != null) {
      throw new IllegalArgumentException(key + " behind copy-fail");
    }
    return before;
  }

  private void copy(CopyInput input) {
    Expectation last = expectations.remove(expectations.size() - 1);
    expectations.add(new Expectation(last.condition(), last.line(), input));
  }

  /**
   * @param condition in brackets, or null
   */
  void request(@Nullable String condition, String text) {
    if (!isEnd(last())) {
      throw new IllegalArgumentException("a request (expected: behind a complete answer)");
    }
    Condition when =
        condition == null
            ? Condition.ALWAYS
            : Condition.parse(condition.substring(1, condition.length() - 1));
    expectations.add(new Expectation(when, ExpectationLine.request(text)));
  }

  private @Nullable Expectation last() {
    return expectations.isEmpty() ? null : expectations.get(expectations.size() - 1);
  }

  /** Whether an answer can end so; requests follow the end. */
  private static boolean isEnd(@Nullable Expectation expectation) {
    return expectation != null
        && Set.of(TranscriptLine.READY_FOR_QUERY, TranscriptLine.CLOSED, TranscriptLine.REQUEST)
            .contains(expectation.line().name());
  }

  /**
   * @param answerMayBeMissing whether it is not a mistake that there is no whole answer
   */
  Step build(boolean answerMayBeMissing) {
    if (!answerMayBeMissing && !isEnd(last())) {
      throw new IllegalArgumentException(
          "a statement without its answer up to ReadyForQuery or Closed");
    }
    List<@Nullable String> values = parameters == null ? List.of() : parameters;
    return new Step(line, sql.toString(), values, outOfRange, List.copyOf(expectations));
  }
}
