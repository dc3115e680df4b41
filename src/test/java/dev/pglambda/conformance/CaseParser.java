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

/** Reads the format that {@code docs/development/conformance.md} describes. */
final class CaseParser {
  private static final Pattern DIRECTIVE = Pattern.compile("(?s)([a-z-]+):(.*)");
  private static final Pattern REQUEST = Pattern.compile("(?s)request(\\[[^\\]]*\\])?:(.*)");
  private static final Pattern LAMBDA = Pattern.compile("(?s)lambda\\s+(\\S+)\\s+=>(.*)");

  private final String file;
  private final boolean answersMayBeMissing;
  private int line;

  private @Nullable String title;
  private int minVersion;
  private int maxVersion = Condition.ANY_VERSION;
  private @Nullable Set<Mode> protocol;
  private @Nullable Boolean binaryResults;
  private @Nullable String role;
  private @Nullable Set<Role> roles;
  private final List<String> setup = new ArrayList<>();
  private final List<String> teardown = new ArrayList<>();
  private boolean endpointUnreachable;
  private @Nullable String proxyArguments;
  private @Nullable String outOfRange;
  private final Map<String, LambdaAnswer> lambda = new LinkedHashMap<>();
  private final List<Step> steps = new ArrayList<>();

  private @Nullable StepBuilder step;

  private CaseParser(String file, boolean answersMayBeMissing) {
    this.file = file;
    this.answersMayBeMissing = answersMayBeMissing;
  }

  /**
   * Reads a case.
   *
   * @throws CaseSyntaxException if there is a mistake in it
   */
  static CaseFile parse(String file, String text) {
    return parse(file, text, false);
  }

  /**
   * Reads a case.
   *
   * @param answersMayBeMissing whether a statement may have no answer yet
   * @throws CaseSyntaxException if there is a mistake in it
   */
  static CaseFile parse(String file, String text, boolean answersMayBeMissing) {
    CaseParser parser = new CaseParser(file, answersMayBeMissing);
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
      if (text.isBlank() && step != null) {
        step.endSql();
      }
      return;
    }
    Matcher lambdaLine = LAMBDA.matcher(text);
    Matcher request = REQUEST.matcher(text);
    Matcher directive = DIRECTIVE.matcher(text);
    if (text.startsWith(">")) {
      statement(text.startsWith("> ") ? text.substring(2) : text.substring(1));
    } else if (text.startsWith("<")) {
      step("an answer").answer(text.substring(1));
    } else if (lambdaLine.matches()) {
      requireHeader("lambda");
      if (lambda.put(lambdaLine.group(1), LambdaLine.parse(lambdaLine.group(2))) != null) {
        throw new IllegalArgumentException("lambda %s twice".formatted(lambdaLine.group(1)));
      }
    } else if (request.matches()) {
      step("a request").request(request.group(1), request.group(2).strip());
    } else if (directive.matches()) {
      directive(directive.group(1), directive.group(2).strip());
    } else {
      throw new IllegalArgumentException(
          "'%s' (expected: a directive, lambda, >, <, or white space to go on)".formatted(text));
    }
  }

  private void directive(String key, String value) {
    switch (key) {
      case "parameters" -> parameters(value);
      case "direct" -> direct(value);
      case "copy" -> step(key).copy(value);
      case "copy-fail" -> step(key).copyFail(value);
      default -> header(key, value);
    }
  }

  private void header(String key, String value) {
    requireHeader(key);
    switch (key) {
      case "title" -> title = once(key, title, value);
      case "role" -> role = once(key, role, value);
      case "min-version" -> minVersion = version(value);
      case "max-version" -> maxVersion = version(value);
      case "protocol" -> protocol = protocol(value);
      case "results" -> binaryResults = hasBinaryResults(value);
      case "roles" -> roles = roles(value);
      case "setup" -> setup.add(value);
      case "teardown" -> teardown.add(value);
      case "endpoint" -> endpointUnreachable = unreachable(value);
      case "proxy" -> proxyArguments = once(key, proxyArguments, value);
      default ->
          throw new IllegalArgumentException(
              key
                  + " (expected: title, role, roles, min-version, max-version, protocol, results,"
                  + " setup, teardown, endpoint, proxy, direct, lambda, parameters, copy,"
                  + " copy-fail, request)");
    }
  }

  private void requireHeader(String key) {
    if (step != null) {
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
      case "both" -> EnumSet.of(Mode.SIMPLE, Mode.EXTENDED);
      default ->
          throw new IllegalArgumentException(
              "protocol: %s (expected: simple, extended or both)".formatted(value));
    };
  }

  private static boolean hasBinaryResults(String value) {
    return switch (value) {
      case "text" -> false;
      case "both" -> true;
      default ->
          throw new IllegalArgumentException(
              "results: %s (expected: text or both)".formatted(value));
    };
  }

  private static Set<Role> roles(String value) {
    return switch (value) {
      case "superuser" -> EnumSet.of(Role.SUPERUSER);
      case "plain" -> EnumSet.of(Role.PLAIN);
      case "both" -> EnumSet.of(Role.SUPERUSER, Role.PLAIN);
      default ->
          throw new IllegalArgumentException(
              "roles: %s (expected: superuser, plain or both)".formatted(value));
    };
  }

  private static boolean unreachable(String value) {
    if (!value.equals("unreachable")) {
      throw new IllegalArgumentException("endpoint: %s (expected: unreachable)".formatted(value));
    }
    return true;
  }

  private void statement(String text) {
    if (step != null && step.takesSql()) {
      step.sql(text);
      return;
    }
    finishStep();
    step = new StepBuilder(line, text);
  }

  private void parameters(String value) {
    StepBuilder current = step("parameters");
    if (protocol == null || protocol.contains(Mode.SIMPLE)) {
      throw new IllegalArgumentException("parameters (expected: with protocol: extended)");
    }
    current.parameters(value);
  }

  /** Before the first statement it is about the case. */
  private void direct(String value) {
    if (step == null) {
      outOfRange = once("direct", outOfRange, Range.reason(value));
    } else {
      step.direct(value);
    }
  }

  private StepBuilder step(String what) {
    if (step == null) {
      throw new IllegalArgumentException(what + " (expected: a statement before it)");
    }
    return step;
  }

  private void finishStep() {
    if (step != null) {
      try {
        steps.add(step.build(answersMayBeMissing));
      } catch (IllegalArgumentException e) {
        throw new CaseSyntaxException(file, step.line(), String.valueOf(e.getMessage()));
      }
    }
  }

  private CaseFile finish() {
    finishStep();
    if (title == null) {
      throw new CaseSyntaxException(file, 1, "no title");
    }
    if (role != null && roles != null) {
      throw new CaseSyntaxException(file, 1, "role and roles (expected: one of them)");
    }
    if (steps.isEmpty()) {
      throw new CaseSyntaxException(file, line, "no statement");
    }
    return new CaseFile(
        file,
        title,
        minVersion,
        maxVersion,
        protocol == null ? EnumSet.of(Mode.SIMPLE, Mode.EXTENDED) : protocol,
        binaryResults,
        role,
        roles,
        List.copyOf(setup),
        List.copyOf(teardown),
        endpointUnreachable,
        proxyArguments == null ? List.of() : List.of(proxyArguments.split("\\s+")),
        outOfRange,
        lambda,
        List.copyOf(steps));
  }
}
