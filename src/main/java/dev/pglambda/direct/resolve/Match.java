package dev.pglambda.direct.resolve;

import dev.pglambda.direct.resolve.Overload.Parameter;
import dev.pglambda.direct.resolve.OverloadResolution.Resolution;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A function whose number and names of parameters fit a call.
 *
 * @param places for each argument, the index of its parameter
 */
public record Match(Overload overload, List<Integer> places) implements Resolution {

  /** Null if it does not fit (namespace.c, FuncnameGetCandidates and MatchNamedCall). */
  static @Nullable Match of(Overload overload, List<CallArgument> arguments) {
    List<Integer> places = new ArrayList<>();
    for (CallArgument argument : arguments) {
      int place = argument.name() == null ? places.size() : indexOf(overload, argument.name());
      if (place < 0 || place >= overload.parameters().size() || places.contains(place)) {
        return null;
      }
      places.add(place);
    }
    for (int place = 0; place < overload.required(); place++) {
      if (!places.contains(place)) {
        return null;
      }
    }
    return new Match(overload, List.copyOf(places));
  }

  private static int indexOf(Overload overload, String name) {
    return overload.parameters().stream().map(Parameter::name).toList().indexOf(name);
  }

  /** The type of an argument's parameter. */
  public ParameterType type(int argument) {
    return overload.parameters().get(places.get(argument)).type();
  }
}
