package dev.pglambda.lambda.project;

import dev.pglambda.lambda.route.FunctionRuntime;
import dev.pglambda.lambda.route.LocalFunction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A function as projects declare it: what is the same in all of them.
 *
 * @param place where it is declared
 * @param id by which the project knows it
 * @param intrinsics what resolves its values
 */
record ProjectFunction(String place, String id, Intrinsics intrinsics, Findings findings) {

  /** What a value cannot be resolved to is said, and that the function runs without it. */
  void leaveOut(String what, NotUsedException notUsed) {
    findings.warn(
        place, "%s of the function %s is left out: %s".formatted(what, id, notUsed.reason()));
  }

  /** The text of a value; null: there is none, or it cannot be resolved, which is said. */
  @Nullable String optional(String what, @Nullable SourceValue value) {
    try {
      return value == null ? null : intrinsics.text(value);
    } catch (NotUsedException unresolved) {
      leaveOut(what, unresolved);
      return null;
    }
  }

  String required(String what, @Nullable SourceValue value) throws NotUsedException {
    String text = value == null ? null : intrinsics.text(value);
    if (text == null || text.isBlank()) {
      throw new NotUsedException("it has no " + what);
    }
    return text;
  }

  /** A number of a value; without one that can be read, the default. */
  int number(String what, @Nullable SourceValue value, int byDefault) {
    String text = optional(what, value);
    if (text == null) {
      return byDefault;
    }
    if (!text.matches("[1-9]\\d{0,8}")) {
      leaveOut(
          what, new NotUsedException("it is \"%s\" (expected: a whole number)".formatted(text)));
      return byDefault;
    }
    return Integer.parseInt(text);
  }

  /** Variables, of which the later sources win. */
  Map<String, String> environment(@Nullable SourceValue... sources) {
    Map<String, String> environment = new LinkedHashMap<>();
    for (SourceValue source : sources) {
      Map<String, SourceValue> variables = source == null ? Map.of() : source.entries();
      for (Map.Entry<String, SourceValue> variable : variables.entrySet()) {
        String value = optional("the variable " + variable.getKey(), variable.getValue());
        if (value == null) {
          environment.remove(variable.getKey());
        } else if (!EnvironmentFile.canHold(value)) {
          leaveOut("the variable " + variable.getKey(), new NotUsedException("it has U+0000"));
        } else {
          environment.put(variable.getKey(), value);
        }
      }
    }
    return environment;
  }

  static FunctionRuntime runtime(String identifier) throws NotUsedException {
    return FunctionRuntime.named(identifier)
        .orElseThrow(
            () ->
                new NotUsedException(
                    "its runtime is %s (expected: one of python, nodejs, java, ruby, provided)"
                        .formatted(identifier)));
  }

  /** Code that is there and can run as it is. */
  static Path code(Path path) throws NotUsedException {
    if (!Files.exists(path)) {
      throw new NotUsedException("its code is not there (expected: %s)".formatted(path));
    }
    if (Files.isRegularFile(path) && LocalCode.extension(path.toString()).equals("zip")) {
      throw new NotUsedException("its code is an archive, %s (expected: a folder)".formatted(path));
    }
    return path;
  }

  /** alias of version 1, the only one; null: every version is there */
  static LocalFunction function(
      String name,
      LocalCode code,
      Map<String, String> environment,
      int timeoutSeconds,
      int memoryMegabytes,
      @Nullable String alias) {
    return new LocalFunction(
        name,
        code.runtime(),
        code.code(),
        code.handler(),
        environment,
        Duration.ofSeconds(timeoutSeconds),
        memoryMegabytes,
        LocalFunction.DEFAULT_CONCURRENCY,
        alias == null ? Set.of() : Set.of("1"),
        alias == null ? Map.of() : Map.of(alias, "1"),
        List.of(),
        false);
  }
}
