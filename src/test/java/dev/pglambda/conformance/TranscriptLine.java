package dev.pglambda.conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One message of the server, or one request at the endpoint, expected or actual.
 *
 * @param name the message's name, or {@code request:}
 * @param values in order: columns, a tag, a status ...
 * @param fields by key: those of errors and notices, and what a request has besides its values
 */
record TranscriptLine(String name, List<Value> values, Map<String, Value> fields) {
  static final String COMMAND_COMPLETE = "CommandComplete";
  static final String READY_FOR_QUERY = "ReadyForQuery";
  static final String COPY_IN_RESPONSE = "CopyInResponse";
  static final String CLOSED = "Closed";
  static final String REQUEST = "request:";

  /**
   * Fields that must be absent unless they are expected: of requests, and of errors and notices.
   */
  private static final Set<String> EXACT_FIELDS =
      Set.of("qualifier", "log", "context", "D", "H", "P", "p", "q", "W");

  static TranscriptLine of(String name) {
    return new TranscriptLine(name, List.of(), Map.of());
  }

  static TranscriptLine of(String name, List<? extends @Nullable String> values) {
    List<Value> list = new ArrayList<>();
    for (String value : values) {
      list.add(Value.of(value));
    }
    return new TranscriptLine(name, list, Map.of());
  }

  static TranscriptLine of(LambdaRequest request) {
    Map<String, Value> fields = new LinkedHashMap<>();
    putIfPresent(fields, "region", request.region());
    putIfPresent(fields, "qualifier", request.qualifier());
    putIfPresent(fields, "log", "None".equals(request.logType()) ? null : request.logType());
    putIfPresent(fields, "context", request.clientContext());
    List<Value> values =
        List.of(
            Value.of(request.functionName()),
            Value.of(request.invocationType()),
            Value.of(request.payload()));
    return new TranscriptLine(REQUEST, values, fields);
  }

  private static void putIfPresent(Map<String, Value> fields, String key, @Nullable String value) {
    if (value != null) {
      fields.put(key, Value.of(value));
    }
  }

  /** Whether an actual line is as this one expects. */
  boolean matches(TranscriptLine actual) {
    return name.equals(actual.name) && valuesMatch(actual) && fieldsMatch(actual);
  }

  private boolean valuesMatch(TranscriptLine actual) {
    if (values.size() != actual.values.size()) {
      return false;
    }
    for (int i = 0; i < values.size(); i++) {
      if (!values.get(i).matches(text(actual.values.get(i)))) {
        return false;
      }
    }
    return true;
  }

  private boolean fieldsMatch(TranscriptLine actual) {
    for (Map.Entry<String, Value> field : fields.entrySet()) {
      if (!field.getValue().matches(text(actual.fields.get(field.getKey())))) {
        return false;
      }
    }
    return actual.fields.keySet().stream()
        .allMatch(key -> fields.containsKey(key) || !EXACT_FIELDS.contains(key));
  }

  private static @Nullable String text(@Nullable Value actual) {
    return actual instanceof Value.Text text ? text.text() : null;
  }

  /** The line as a case file has it. */
  @Override
  public String toString() {
    boolean restIsOneValue = name.equals(REQUEST) || name.equals(COMMAND_COMPLETE);
    int words = restIsOneValue ? values.size() - 1 : values.size();
    StringBuilder line = new StringBuilder(name);
    values.subList(0, words).forEach(value -> line.append(' ').append(value));
    fields.forEach((key, value) -> line.append(' ').append(key).append('=').append(value));
    values.subList(words, values.size()).forEach(value -> line.append(' ').append(value.asRest()));
    return line.toString();
  }
}
