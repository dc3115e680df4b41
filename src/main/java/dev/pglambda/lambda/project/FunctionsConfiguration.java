package dev.pglambda.lambda.project;

import dev.pglambda.lambda.route.Route;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What {@code --functions} means at one moment.
 *
 * @param routes in order: the first that matches a function wins
 * @param watched files and folders, absolute, some of which may not exist: if a file's content or a
 *     folder's list of entries changes, reading again may lead to other routes. A function's code
 *     is not among them unless its name or runtime depends on it
 * @param warnings what is not used, each a sentence with its place and its reason, without values
 *     of variables
 */
public record FunctionsConfiguration(List<Route> routes, Set<Path> watched, List<String> warnings) {
  public FunctionsConfiguration {
    routes = List.copyOf(routes);
    watched = Set.copyOf(watched);
    warnings = List.copyOf(warnings);
  }
}
