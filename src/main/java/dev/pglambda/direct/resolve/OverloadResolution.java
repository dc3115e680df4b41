package dev.pglambda.direct.resolve;

import dev.pglambda.direct.resolve.Overload.Parameter;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.sql.ExtensionCall;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides which function a call means, as PostgreSQL does when the extensions are installed
 * (manual, "Function Type Resolution" and "Calling Functions"; parse_func.c, func_get_detail). The
 * rules and the words of the errors have been the same from PostgreSQL 12 to 18.
 */
public final class OverloadResolution {
  private static final char STRING_CATEGORY = 'S';

  private final List<CallArgument> arguments;

  private OverloadResolution(List<CallArgument> arguments) {
    this.arguments = arguments;
  }

  /** What a call means. */
  public sealed interface Resolution permits Match, Unresolved {}

  /**
   * No function.
   *
   * @param error 42883, 42725, 42601 or 54023, in PostgreSQL's words
   * @param argument the index of the argument to which the error's position points: to its name, or
   *     to its value if it has none; null if it points to the function
   */
  public record Unresolved(SqlError error, @Nullable Integer argument) implements Resolution {}

  /** A function whose parameters fit a call: for each argument, the index of its parameter. */
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

  /** Resolves a call; the arguments are in the order in which they are written. */
  public static Resolution resolve(ExtensionCall.Function function, List<CallArgument> arguments) {
    Unresolved misplaced = ResolutionErrors.notation(arguments);
    if (misplaced != null) {
      return misplaced;
    }
    OverloadResolution resolution = new OverloadResolution(arguments);
    List<Match> candidates =
        Overload.of(function).stream()
            .map(overload -> Match.of(overload, arguments))
            .filter(Objects::nonNull)
            .toList();
    List<Match> applicable = candidates.stream().filter(resolution::isApplicable).toList();
    if (applicable.isEmpty()) {
      return ResolutionErrors.doesNotExist(function, arguments);
    }
    List<Match> best = resolution.select(applicable);
    return best.size() == 1 ? best.get(0) : ResolutionErrors.isNotUnique(function, arguments);
  }

  /**
   * The candidate to take; several if none is better than the others (func_select_candidate). An
   * exact match, which PostgreSQL looks for before, is the one with the most matches.
   */
  private List<Match> select(List<Match> applicable) {
    List<Match> best = withMost(applicable, ParameterType::isBaseOf);
    best = withMost(best, (to, from) -> to.isBaseOf(from) || to.isPreferredFor(from));
    if (best.size() > 1 && unknown().findAny().isPresent()) {
      best = byCategory(best);
    }
    return best.size() > 1 ? asTheOnlyKnownType(best) : best;
  }

  private boolean isApplicable(Match candidate) {
    return indexes().allMatch(i -> candidate.type(i).accepts(type(i)));
  }

  /** The candidates with the most parameters that fit their arguments. */
  private List<Match> withMost(
      List<Match> candidates, BiPredicate<ParameterType, @Nullable ArgumentType> fits) {
    ToLongFunction<Match> count =
        candidate -> indexes().filter(i -> fits.test(candidate.type(i), type(i))).count();
    long most = candidates.stream().mapToLong(count).max().orElse(0);
    return candidates.stream().filter(candidate -> count.applyAsLong(candidate) == most).toList();
  }

  /**
   * Those that take, for each unknown argument, the string category if any does, else the category
   * that all agree on. All of them if they do not agree, or if none remains. (PostgreSQL then looks
   * for the category's preferred type. Where one of these functions has text, none has varchar.)
   */
  private List<Match> byCategory(List<Match> candidates) {
    List<Match> remaining = candidates;
    for (int index : unknown().toArray()) {
      Character category = category(candidates, index);
      if (category == null) {
        return candidates;
      }
      remaining =
          remaining.stream()
              .filter(candidate -> candidate.type(index).category() == category)
              .toList();
    }
    return remaining.isEmpty() ? candidates : remaining;
  }

  private static @Nullable Character category(List<Match> candidates, int index) {
    Set<Character> categories = new HashSet<>();
    candidates.forEach(candidate -> categories.add(candidate.type(index).category()));
    if (categories.contains(STRING_CATEGORY)) {
      return STRING_CATEGORY;
    }
    return categories.size() == 1 ? categories.iterator().next() : null;
  }

  /**
   * If all arguments that are known are of the same type, the one candidate that would take that
   * type for the unknown ones, too. All of them if there is not exactly one.
   */
  private List<Match> asTheOnlyKnownType(List<Match> candidates) {
    List<ArgumentType> known =
        arguments.stream().map(CallArgument::type).flatMap(Stream::ofNullable).toList();
    boolean mixed = known.size() < arguments.size();
    if (!mixed || known.stream().map(ArgumentType::base).distinct().count() != 1) {
      return candidates;
    }
    List<Match> taking =
        candidates.stream()
            .filter(candidate -> indexes().allMatch(i -> candidate.type(i).accepts(known.get(0))))
            .toList();
    return taking.size() == 1 ? taking : candidates;
  }

  private @Nullable ArgumentType type(int index) {
    return arguments.get(index).type();
  }

  private IntStream indexes() {
    return IntStream.range(0, arguments.size());
  }

  private IntStream unknown() {
    return indexes().filter(i -> type(i) == null);
  }
}
