package dev.pglambda.conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads expected messages and requests. */
final class ExpectationLine {
  private static final Pattern CONDITION = Pattern.compile("(?s)\\[([^\\]]*)\\](.*)");
  private static final Set<String> WITH_VALUES =
      Set.of(
          "RowDescription",
          "DataRow",
          "ReadyForQuery",
          "ParameterStatus",
          "NotificationResponse",
          "CopyData");
  private static final Set<String> WITH_FIELDS = Set.of("ErrorResponse", "NoticeResponse");
  private static final Set<String> WITH_NOTHING =
      Set.of(
          "EmptyQueryResponse",
          "PortalSuspended",
          TranscriptLine.COPY_IN_RESPONSE,
          "CopyOutResponse",
          "CopyDone",
          "Closed");

  private ExpectationLine() {}

  /**
   * Reads what stands behind {@code <}.
   *
   * @throws IllegalArgumentException if it is not well formed
   */
  static Expectation parse(String text) {
    Matcher condition = CONDITION.matcher(text);
    if (!condition.matches()) {
      return new Expectation(Condition.ALWAYS, message(text));
    }
    return new Expectation(Condition.parse(condition.group(1)), message(condition.group(2)));
  }

  private static TranscriptLine message(String text) {
    ValueScanner scanner = new ValueScanner(text);
    String name = scanner.word();
    if (name.equals(TranscriptLine.COMMAND_COMPLETE)) {
      return new TranscriptLine(name, List.of(scanner.rest()), Map.of());
    }
    if (WITH_FIELDS.contains(name)) {
      return new TranscriptLine(name, List.of(), fields(scanner));
    }
    if (WITH_NOTHING.contains(name) && scanner.atEnd()) {
      return new TranscriptLine(name, List.of(), Map.of());
    }
    if (!WITH_VALUES.contains(name)) {
      throw new IllegalArgumentException("'%s' (expected: a message)".formatted(text.strip()));
    }
    List<Value> values = new ArrayList<>();
    while (!scanner.atEnd()) {
      values.add(scanner.value());
    }
    return new TranscriptLine(name, values, Map.of());
  }

  private static Map<String, Value> fields(ValueScanner scanner) {
    Map<String, Value> fields = new LinkedHashMap<>();
    while (!scanner.atEnd()) {
      String key = scanner.key();
      if (key == null || key.length() != 1) {
        throw new IllegalArgumentException(
            "'%s' (expected: a field such as M=..)".formatted(key == null ? scanner.word() : key));
      }
      if (fields.put(key, scanner.value()) != null) {
        throw new IllegalArgumentException("field %s twice".formatted(key));
      }
    }
    if (fields.isEmpty()) {
      throw new IllegalArgumentException("no field (expected: at least C= or M=)");
    }
    return fields;
  }

  /**
   * Reads what stands behind {@code request:}.
   *
   * @throws IllegalArgumentException if it is not well formed
   */
  static TranscriptLine request(String text) {
    ValueScanner scanner = new ValueScanner(text);
    Value function = scanner.value();
    Value type = scanner.value();
    Map<String, Value> fields = new LinkedHashMap<>();
    for (String key = scanner.key(); key != null; key = scanner.key()) {
      if (!Set.of("region", "qualifier", "log", "context").contains(key)) {
        throw new IllegalArgumentException(
            key + "= (expected: region=, qualifier=, log= or context=)");
      }
      fields.put(key, scanner.value());
    }
    if (scanner.atEnd()) {
      throw new IllegalArgumentException("a request without payload (expected: JSON or *)");
    }
    return new TranscriptLine(
        TranscriptLine.REQUEST, List.of(function, type, scanner.rest()), fields);
  }
}
