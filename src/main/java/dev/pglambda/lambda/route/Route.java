package dev.pglambda.lambda.route;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some functions, and where their calls go. Routes are equal if a call would end alike; where they
 * were read from does not count.
 *
 * @param pattern the functions
 * @param target where their calls go
 * @param role ARN of the role that calls, for policies; null: the proxy's own
 * @param faults what goes wrong on the way, in order
 */
public record Route(
    FunctionPattern pattern, Target target, @Nullable String role, List<Fault> faults) {
  public Route {
    faults = List.copyOf(faults);
  }

  /** Without a role of its own, and without faults. */
  public static Route of(FunctionPattern pattern, Target target) {
    return new Route(pattern, target, null, List.of());
  }
}
