package dev.pglambda.conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads expected messages and requests. */
final class ExpectationLine {
  private static final Pattern CONDITION = Pattern.compile("(?s)\\[([^\\]]*)\\](.*)");
  private static final Pattern VERSIONS = Pattern.compile("(\\d{2})?(-)?(\\d{2})?");
  private static final int ANY_VERSION = Integer.MAX_VALUE;
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
          "CopyInResponse",
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
      return new Expectation(0, ANY_VERSION, null, message(text));
    }
    int minVersion = 0;
    int maxVersion = ANY_VERSION;
    Mode mode = null;
    for (String part : condition.group(1).split(",", -1)) {
      Matcher versions = VERSIONS.matcher(part.strip());
      if (part.strip().equals("simple")) {
        mode = Mode.SIMPLE;
      } else if (part.strip().equals("extended")) {
        mode = Mode.EXTENDED;
      } else if (!part.isBlank() && versions.matches()) {
        minVersion = number(versions.group(1), 0);
        maxVersion =
            versions.group(2) == null ? minVersion : number(versions.group(3), ANY_VERSION);
      } else {
        throw new IllegalArgumentException(
            "[%s] (expected: simple, extended, 14, 14-, -14 or 14-16)".formatted(part));
      }
    }
    return new Expectation(minVersion, maxVersion, mode, message(condition.group(2)));
  }

  private static int number(@Nullable String digits, int otherwise) {
    return digits == null ? otherwise : Integer.parseInt(digits);
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
