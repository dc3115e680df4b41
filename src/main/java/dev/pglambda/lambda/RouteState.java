package dev.pglambda.lambda;

import java.util.List;

/**
 * A route as it is now, for people.
 *
 * @param pattern which functions it is for
 * @param target where it leads, without anything secret
 * @param processes how many processes of its function there are
 * @param busy how many of them work
 * @param queued how many calls wait
 * @param output last lines that its function has printed
 */
public record RouteState(
    String pattern, String target, int processes, int busy, int queued, List<String> output) {

  public RouteState {
    output = List.copyOf(output);
  }

  /** The same under another pattern, and leading elsewhere. */
  public RouteState named(String otherPattern, String otherTarget) {
    return new RouteState(otherPattern, otherTarget, processes, busy, queued, output);
  }

  /** A route to something that has no processes here. */
  public static RouteState of(String pattern, String target) {
    return new RouteState(pattern, target, 0, 0, 0, List.of());
  }
}
