package dev.pglambda.lambda.project;

import dev.pglambda.lambda.route.CannedReply;
import dev.pglambda.lambda.route.FunctionPattern;
import dev.pglambda.lambda.route.LocalFunction;
import dev.pglambda.lambda.route.Route;
import dev.pglambda.lambda.route.Target;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What has been found so far, on the way to a {@link FunctionsConfiguration}. For one thread. */
final class Findings {
  /** Names that Lambda lets a function have (Lambda API reference, CreateFunction). */
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_-]{1,64}");

  private final Function<String, @Nullable String> environment;
  private final List<Route> before;
  private final List<Route> routes = new ArrayList<>();
  private final Map<String, Set<LocalFunction>> shortNames = new LinkedHashMap<>();
  private final Set<Path> watched = new LinkedHashSet<>();
  private final List<String> warnings = new ArrayList<>();

  /**
   * @param before routes that there are; none at the start
   */
  Findings(Function<String, @Nullable String> environment, List<Route> before) {
    this.environment = environment;
    this.before = before;
  }

  /** The value of a variable of the proxy's own environment, or null. */
  @Nullable String variable(String name) {
    return environment.apply(name);
  }

  void add(Route route) {
    routes.add(route);
  }

  /** Adds a route for a function's name; fails if no function can have it. */
  void add(String name, Target target) throws NotUsedException {
    routes.add(Route.of(pattern(name), target));
  }

  /** Adds the canned reply that a function has had so far; false: it has had none. */
  boolean keepReply(String name) {
    List<Route> kept =
        before.stream()
            .filter(route -> route.pattern().toString().equals(name))
            .filter(route -> route.target() instanceof CannedReply)
            .toList();
    return routes.addAll(kept);
  }

  private static FunctionPattern pattern(String name) throws NotUsedException {
    if (!NAME.matcher(name).matches()) {
      throw new NotUsedException(
          "no Lambda function can have the name \"%s\" (expected: up to 64 of A-Z a-z 0-9 - _)"
              .formatted(name));
    }
    return FunctionPattern.parse(name).orElseThrow();
  }

  /**
   * Another name, by which a function is found behind all routes if nothing else has that name.
   * Names that no function can have count for nothing.
   */
  void addShortName(String name, LocalFunction function) {
    if (NAME.matcher(name).matches()) {
      shortNames.computeIfAbsent(name, none -> new LinkedHashSet<>()).add(function);
    }
  }

  /** Notes a file or folder to watch; false: it had been noted. */
  boolean watch(Path path) {
    return watched.add(path);
  }

  Set<Path> watched() {
    return watched;
  }

  /**
   * Notes what is not used.
   *
   * @param place a path, or {@code file:line}
   * @param sentence without its full stop
   */
  void warn(String place, String sentence) {
    warnings.add("%s: %s.".formatted(place, sentence));
  }

  FunctionsConfiguration configuration() {
    List<Route> all = new ArrayList<>(routes);
    shortNames.forEach(
        (name, functions) -> {
          FunctionPattern pattern = FunctionPattern.parse(name).orElseThrow();
          boolean taken = routes.stream().anyMatch(route -> route.pattern().equals(pattern));
          if (functions.size() == 1 && !taken) {
            all.add(Route.of(pattern, functions.iterator().next()));
          }
        });
    return new FunctionsConfiguration(all, watched, warnings);
  }
}
