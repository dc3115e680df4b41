package dev.pglambda.lambda.project;

import dev.pglambda.lambda.route.FunctionPattern;
import dev.pglambda.lambda.route.FunctionRuntime;
import dev.pglambda.lambda.route.LocalFunction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The part {@code local} of a route: a function whose code is on this machine. */
final class LocalSection {
  static final List<String> KEYS =
      List.of(
          "code",
          "runtime",
          "handler",
          "environment",
          "env_file",
          "timeout",
          "memory",
          "concurrency",
          "versions",
          "aliases",
          "command",
          "credentials");

  static final String RUNTIMES =
      "python, nodejs, java, ruby or provided, with a version or without";

  private static final int MOST_MEMORY_MEGABYTES = 32_768;
  private static final int MOST_CONCURRENCY = 1000;
  private static final String CODE_FORM = "a file or folder that is there";
  private static final Pattern VARIABLE = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]*");
  private static final Pattern VERSION = Pattern.compile("[1-9]\\d*");
  private static final Pattern ALIAS = Pattern.compile("(?!\\d+$)[a-zA-Z0-9_-]{1,128}");
  private static final Pattern ANYTHING = Pattern.compile("(?s).*");

  private final Path folder;
  private final Findings findings;

  LocalSection(Path folder, Findings findings) {
    this.folder = folder;
    this.findings = findings;
  }

  LocalFunction read(SourceValue value, FunctionPattern pattern) throws FunctionsException {
    Section local = Section.of(value, "local", KEYS);
    LocalCode code = code(local);
    Set<String> versions = Set.copyOf(local.words("versions", VERSION, "a version, such as 1"));
    return new LocalFunction(
        name(pattern, code.code()),
        code.runtime(),
        code.code(),
        code.handler(),
        environment(local),
        local.duration("timeout", LocalFunction.DEFAULT_TIMEOUT),
        local.integer("memory", 1, MOST_MEMORY_MEGABYTES, LocalFunction.DEFAULT_MEMORY_MEGABYTES),
        local.integer("concurrency", 1, MOST_CONCURRENCY, LocalFunction.DEFAULT_CONCURRENCY),
        versions,
        aliases(local, versions),
        local.words("command", ANYTHING, "a program and its arguments"),
        local.choice("credentials", Map.of("none", false, "inherit", true), false));
  }

  private LocalCode code(Section local) throws FunctionsException {
    SourceValue value = local.required("code", CODE_FORM);
    String text = local.text("code", CODE_FORM);
    Path path = text == null ? folder : folder.resolve(text).normalize();
    if (!Files.exists(path)) {
      throw value.wrong("code", path + ", which is not there", CODE_FORM);
    }
    String handler = local.text("handler", "text, such as app.handler");
    FunctionRuntime runtime = runtime(local);
    if (runtime != null && (runtime != FunctionRuntime.JAVA || handler != null)) {
      return new LocalCode(runtime, path, handler);
    }
    try {
      findings.watch(path);
      LocalCode found = LocalCode.of(path);
      if (runtime != null && runtime != found.runtime()) {
        throw value.wrong(
            "code",
            path + ", which is " + found.runtime().label(),
            "a jar whose manifest names the handler, or handler beside it");
      }
      return handler == null ? found : new LocalCode(found.runtime(), path, handler);
    } catch (NotUsedException unknown) {
      throw value.wrong("code", path + ": " + unknown.reason(), "runtime and handler beside it");
    }
  }

  private static @Nullable FunctionRuntime runtime(Section local) throws FunctionsException {
    String identifier = local.text("runtime", RUNTIMES);
    return identifier == null
        ? null
        : FunctionRuntime.named(identifier)
            .orElseThrow(() -> local.valueWrong("runtime", RUNTIMES));
  }

  /** The pattern's own name, or the code's if the pattern means several functions. */
  private static String name(FunctionPattern pattern, Path code) {
    String name = pattern.toString().replaceFirst("^.*function:", "").replaceFirst(":.*$", "");
    String file = code.getFileName().toString();
    return name.matches(".*[*?].*") ? file.replaceFirst("\\.[^.]*$", "") : name;
  }

  private Map<String, String> environment(Section local) throws FunctionsException {
    Map<String, String> environment = new HashMap<>();
    String file = local.text("env_file", "a file of KEY=value lines");
    if (file != null) {
      Path path = folder.resolve(file).normalize();
      findings.watch(path);
      environment.putAll(EnvironmentFile.read(path));
    }
    environment.putAll(
        local.variables("environment", VARIABLE, "letters, digits and _, and no digit first"));
    return environment;
  }

  private static Map<String, String> aliases(Section local, Set<String> versions)
      throws FunctionsException {
    Map<String, String> aliases =
        local.variables("aliases", ALIAS, "up to 128 of A-Z a-z 0-9 - _, not digits alone");
    for (Map.Entry<String, String> alias : aliases.entrySet()) {
      if (!versions.contains(alias.getValue()) && !alias.getValue().equals("$LATEST")) {
        throw local.wrong(
            "aliases." + alias.getKey(), alias.getValue(), "$LATEST or one of versions");
      }
    }
    return aliases;
  }
}
