package dev.pglambda.lambda.project;

import dev.pglambda.lambda.route.CannedReply;
import dev.pglambda.lambda.route.Endpoint;
import dev.pglambda.lambda.route.LocalFunction;
import dev.pglambda.lambda.route.Route;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A folder to write files into, and to read as {@code --functions} would. */
final class ProjectFolder {
  final Path path;
  final Map<String, String> environment = new HashMap<>();

  ProjectFolder(Path path) {
    this.path = path;
  }

  Path write(String name, String... lines) throws IOException {
    Path file = path.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, String.join("\n", lines) + "\n");
  }

  FunctionsConfiguration read(String... values) throws FunctionsException {
    return readAgain(List.of(), values);
  }

  FunctionsConfiguration readAgain(List<Route> before, String... values) throws FunctionsException {
    return FunctionsReader.read(List.of(values), path, environment::get, before);
  }

  /** A file that nobody writes into: to open it would last for ever. */
  Path fifo(String name) throws IOException, InterruptedException {
    Path fifo = path.resolve(name);
    Process mkfifo = new ProcessBuilder("mkfifo", fifo.toString()).inheritIO().start();
    if (mkfifo.waitFor() != 0) {
      throw new IOException("mkfifo failed");
    }
    return fifo;
  }

  /** The only route for a pattern. */
  static Route route(FunctionsConfiguration configuration, String pattern) {
    List<Route> routes =
        configuration.routes().stream()
            .filter(route -> route.pattern().toString().equals(pattern))
            .toList();
    if (routes.size() != 1) {
      throw new AssertionError("%s: %s in %s".formatted(pattern, routes, configuration));
    }
    return routes.get(0);
  }

  static LocalFunction local(FunctionsConfiguration configuration, String pattern) {
    return (LocalFunction) route(configuration, pattern).target();
  }

  static Endpoint endpoint(FunctionsConfiguration configuration, String pattern) {
    return (Endpoint) route(configuration, pattern).target();
  }

  static CannedReply reply(FunctionsConfiguration configuration, String pattern) {
    return (CannedReply) route(configuration, pattern).target();
  }

  static List<String> patterns(FunctionsConfiguration configuration) {
    return configuration.routes().stream().map(route -> route.pattern().toString()).toList();
  }

  /** Why reading fails; null: it does not. */
  @Nullable String refusal(String value) {
    try {
      read(value);
      return null;
    } catch (FunctionsException refused) {
      return refused.getMessage();
    }
  }
}
