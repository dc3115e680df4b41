package dev.pglambda.conformance;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what stands behind {@code lambda <function> =>}. */
final class LambdaLine {
  private static final String LATEST = "$LATEST";
  private static final Set<String> OPTIONS = Set.of("version", "log", "delay");

  private LambdaLine() {}

  /**
   * Reads one answer.
   *
   * @throws IllegalArgumentException if it is not well formed
   */
  static LambdaAnswer parse(String text) {
    ValueScanner scanner = new ValueScanner(text);
    Map<String, @Nullable String> options = new HashMap<>();
    for (String key = scanner.key(); key != null; key = scanner.key()) {
      if (!OPTIONS.contains(key)) {
        throw new IllegalArgumentException(key + "= (expected: version=, log= or delay=)");
      }
      options.put(key, scanner.value() instanceof Value.Text value ? value.text() : null);
    }
    String version = options.containsKey("version") ? options.get("version") : LATEST;
    LambdaAnswer.Kind kind = kind(scanner.word());
    String errorType = "";
    int status = 200;
    String body = "";
    if (kind == LambdaAnswer.Kind.SERVICE_ERROR) {
      status = number(scanner.word());
    }
    if (kind == LambdaAnswer.Kind.SERVICE_ERROR || kind == LambdaAnswer.Kind.FUNCTION_ERROR) {
      errorType = scanner.word();
    }
    if (!errorType.isEmpty() || kind == LambdaAnswer.Kind.REPLY) {
      body = scanner.rest() instanceof Value.Text rest ? rest.text() : "";
    }
    if (!scanner.atEnd()) {
      throw new IllegalArgumentException("'%s' (expected: end of line)".formatted(scanner.rest()));
    }
    int delay = number(Objects.requireNonNullElse(options.get("delay"), "0"));
    return new LambdaAnswer(kind, body, errorType, status, version, options.get("log"), delay);
  }

  private static LambdaAnswer.Kind kind(String word) {
    return switch (word) {
      case "echo" -> LambdaAnswer.Kind.ECHO;
      case "reply" -> LambdaAnswer.Kind.REPLY;
      case "error" -> LambdaAnswer.Kind.FUNCTION_ERROR;
      case "refuse" -> LambdaAnswer.Kind.SERVICE_ERROR;
      case "hang" -> LambdaAnswer.Kind.HANG;
      case "disconnect" -> LambdaAnswer.Kind.DISCONNECT;
      default ->
          throw new IllegalArgumentException(
              "'%s' (expected: echo, reply, error, refuse, hang or disconnect)".formatted(word));
    };
  }

  private static int number(String word) {
    if (!word.matches("\\d{1,6}")) {
      throw new IllegalArgumentException("'%s' (expected: a number)".formatted(word));
    }
    return Integer.parseInt(word);
  }
}
