package dev.pglambda.conformance;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the format that {@code docs/conformance.md} describes. */
final class CaseParser {
  private static final Pattern DIRECTIVE = Pattern.compile("(?s)([a-z-]+):(.*)");
  private static final Pattern LAMBDA = Pattern.compile("(?s)lambda\\s+(\\S+)\\s+=>(.*)");
  private static final int ANY_VERSION = Integer.MAX_VALUE;

  private final String file;
  private int line;

  private @Nullable String title;
  private int minVersion;
  private int maxVersion = ANY_VERSION;
  private @Nullable Set<Mode> modes;
  private @Nullable String role;
  private final List<String> setup = new ArrayList<>();
  private final List<String> teardown = new ArrayList<>();
  private boolean endpointUnreachable;
  private final Map<String, LambdaAnswer> lambda = new LinkedHashMap<>();
  private final List<Step> steps = new ArrayList<>();

  private int sqlLine;
  private @Nullable StringBuilder sql;
  private @Nullable List<@Nullable String> parameters;
  private final List<Expectation> expectations = new ArrayList<>();

  private CaseParser(String file) {
    this.file = file;
  }

  /**
   * Reads a case.
   *
   * @throws CaseSyntaxException if there is a mistake in it
   */
  static CaseFile parse(String file, String text) {
    CaseParser parser = new CaseParser(file);
    String[] lines = text.split("\\r?\\n", -1);
    int next = 0;
    while (next < lines.length) {
      parser.line = next + 1;
      StringBuilder logical = new StringBuilder(lines[next++]);
      boolean continues = !isIgnored(logical.toString());
      while (continues && next < lines.length && isContinuation(lines[next])) {
        logical.append('\n').append(lines[next++]);
      }
      try {
        parser.accept(logical.toString());
      } catch (IllegalArgumentException e) {
        throw new CaseSyntaxException(file, parser.line, String.valueOf(e.getMessage()));
      }
    }
    return parser.finish();
  }

  private static boolean isIgnored(String line) {
    return line.isBlank() || line.startsWith("#");
  }

  private static boolean isContinuation(String line) {
    return !line.isBlank() && Character.isWhitespace(line.charAt(0));
  }

  private void accept(String text) {
    if (isIgnored(text)) {
      return;
    }
    Matcher lambdaLine = LAMBDA.matcher(text);
    Matcher directive = DIRECTIVE.matcher(text);
    if (text.startsWith(">")) {
      statement(text.startsWith("> ") ? text.substring(2) : text.substring(1));
    } else if (text.startsWith("<")) {
      answer(text.substring(1));
    } else if (lambdaLine.matches()) {
      requireHeader("lambda");
      if (lambda.put(lambdaLine.group(1), LambdaLine.parse(lambdaLine.group(2))) != null) {
        throw new IllegalArgumentException("lambda %s twice".formatted(lambdaLine.group(1)));
      }
    } else if (directive.matches()) {
      directive(directive.group(1), directive.group(2).strip());
    } else {
      throw new IllegalArgumentException(
          "'%s' (expected: a directive, lambda, >, <, or white space to go on)".formatted(text));
    }
  }

  private void directive(String key, String value) {
    if (key.equals("parameters")) {
      parameters(value);
      return;
    }
    if (key.equals("request")) {
      request(value);
      return;
    }
    requireHeader(key);
    switch (key) {
      case "title" -> title = once(key, title, value);
      case "role" -> role = once(key, role, value);
      case "min-version" -> minVersion = version(value);
      case "max-version" -> maxVersion = version(value);
      case "protocol" -> modes = protocol(value);
      case "setup" -> setup.add(value);
      case "teardown" -> teardown.add(value);
      case "endpoint" -> endpointUnreachable = unreachable(value);
      default ->
          throw new IllegalArgumentException(
              key
                  + " (expected: title, role, min-version, max-version, protocol, setup, teardown,"
                  + " endpoint, lambda, parameters, request)");
    }
  }

  private void requireHeader(String key) {
    if (sql != null) {
      throw new IllegalArgumentException(key + " behind a statement (expected: before the first)");
    }
  }

  private static String once(String key, @Nullable String before, String value) {
    if (before != null) {
      throw new IllegalArgumentException(key + " twice");
    }
    return value;
  }

  private static int version(String value) {
    if (!value.matches("\\d{2}")) {
      throw new IllegalArgumentException("version: %s (expected: 12, 13 ...)".formatted(value));
    }
    return Integer.parseInt(value);
  }

  private static Set<Mode> protocol(String value) {
    return switch (value) {
      case "simple" -> EnumSet.of(Mode.SIMPLE);
      case "extended" -> EnumSet.of(Mode.EXTENDED);
      case "both" -> EnumSet.allOf(Mode.class);
      default ->
          throw new IllegalArgumentException(
              "protocol: %s (expected: simple, extended or both)".formatted(value));
    };
  }

  private static boolean unreachable(String value) {
    if (!value.equals("unreachable")) {
      throw new IllegalArgumentException("endpoint: %s (expected: unreachable)".formatted(value));
    }
    return true;
  }

  private void statement(String text) {
    if (sql != null && expectations.isEmpty() && parameters == null) {
      sql.append('\n').append(text);
      return;
    }
    finishStep();
    sql = new StringBuilder(text);
    sqlLine = line;
  }

  private void parameters(String value) {
    if (sql == null || parameters != null || !expectations.isEmpty()) {
      throw new IllegalArgumentException("parameters (expected: once, right behind a statement)");
    }
    if (modes == null || modes.contains(Mode.SIMPLE)) {
      throw new IllegalArgumentException("parameters (expected: with protocol: extended)");
    }
    List<@Nullable String> values = new ArrayList<>();
    ValueScanner scanner = new ValueScanner(value);
    while (!scanner.atEnd()) {
      Value parameter = scanner.value();
      if (parameter instanceof Value.Text text) {
        values.add(text.text());
      } else if (parameter instanceof Value.Null) {
        values.add(null);
      } else {
        throw new IllegalArgumentException("parameter %s (expected: a value)".formatted(parameter));
      }
    }
    parameters = values;
  }

  private void answer(String text) {
    if (sql == null) {
      throw new IllegalArgumentException("an answer (expected: a statement before it)");
    }
    Expectation expectation = ExpectationLine.parse(text);
    if (isEnd(lastExpectation()) && !isEnd(expectation)) {
      throw new IllegalArgumentException("an answer behind the end of the answer");
    }
    expectations.add(expectation);
  }

  private void request(String value) {
    if (!isEnd(lastExpectation())) {
      throw new IllegalArgumentException("a request (expected: behind a complete answer)");
    }
    expectations.add(new Expectation(0, ANY_VERSION, null, ExpectationLine.request(value)));
  }

  private @Nullable Expectation lastExpectation() {
    return expectations.isEmpty() ? null : expectations.get(expectations.size() - 1);
  }

  /** Whether an answer can end so; requests follow the end. */
  private static boolean isEnd(@Nullable Expectation expectation) {
    return expectation != null
        && Set.of(TranscriptLine.READY_FOR_QUERY, TranscriptLine.CLOSED, TranscriptLine.REQUEST)
            .contains(expectation.line().name());
  }

  private void finishStep() {
    if (sql == null) {
      return;
    }
    if (!isEnd(lastExpectation())) {
      throw new CaseSyntaxException(
          file, sqlLine, "a statement without its answer up to ReadyForQuery or Closed");
    }
    List<@Nullable String> values = parameters == null ? List.of() : parameters;
    steps.add(new Step(sqlLine, sql.toString(), values, List.copyOf(expectations)));
    parameters = null;
    expectations.clear();
  }

  private CaseFile finish() {
    finishStep();
    if (title == null) {
      throw new CaseSyntaxException(file, 1, "no title");
    }
    if (steps.isEmpty()) {
      throw new CaseSyntaxException(file, line, "no statement");
    }
    return new CaseFile(
        file,
        title,
        minVersion,
        maxVersion,
        modes == null ? EnumSet.allOf(Mode.class) : modes,
        role,
        List.copyOf(setup),
        List.copyOf(teardown),
        endpointUnreachable,
        lambda,
        List.copyOf(steps));
  }
}
