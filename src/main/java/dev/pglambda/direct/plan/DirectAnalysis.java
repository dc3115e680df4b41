package dev.pglambda.direct.plan;

import dev.pglambda.direct.plan.DirectPlan.ResolvedCall;
import dev.pglambda.direct.recognize.DirectCall;
import dev.pglambda.direct.resolve.ArgumentType;
import dev.pglambda.direct.resolve.CallArgument;
import dev.pglambda.direct.resolve.OverloadResolution;
import dev.pglambda.direct.resolve.OverloadResolution.Match;
import dev.pglambda.direct.resolve.OverloadResolution.Resolution;
import dev.pglambda.direct.resolve.OverloadResolution.Unresolved;
import dev.pglambda.direct.resolve.ParameterType;
import dev.pglambda.protocol.TypeOid;
import dev.pglambda.relay.RaiseBlock;
import dev.pglambda.sql.ExtensionCall;
import dev.pglambda.sql.ExtensionCall.Argument;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what a statement's calls mean, where the server cannot know: the server tells the types
 * of their arguments, by which the overloads are chosen.
 */
public final class DirectAnalysis {
  /** Tells about types; its parameter is {@link #askedTypes}. All in text format. */
  public static final String TYPE_QUERY = ArgumentType.QUERY;

  private static final Set<Integer> UNTYPED = Set.of(TypeOid.UNSPECIFIED, TypeOid.UNKNOWN);

  private final DirectCandidate candidate;
  private final InstalledSchemas schemas;
  private final int clientParameters;
  private final List<Integer> declaredTypes;
  private final List<DirectCall> calls;
  private final List<ArgumentExpression> leaves = new ArrayList<>();

  /** The client may declare types, as object ids, for fewer parameters than there are. */
  public DirectAnalysis(
      DirectCandidate candidate, InstalledSchemas schemas, List<Integer> declaredTypes) {
    this.candidate = candidate;
    this.schemas = schemas;
    this.declaredTypes = declaredTypes;
    this.clientParameters = Math.max(candidate.statement().parameters(), declaredTypes.size());
    this.calls = candidate.calls(schemas);
    calls.forEach(call -> leaves.addAll(candidate.leaves(call, schemas, this::isUntyped)));
  }

  /** Whether a parameter has no type. */
  private boolean isUntyped(int number) {
    return number > declaredTypes.size()
        || (number > 0 && UNTYPED.contains(declaredTypes.get(number - 1)));
  }

  /**
   * A query whose columns have the types of the arguments, which are in it at the places, in
   * characters, where they are in the client's text. It is only to be described; null if there are
   * no arguments.
   */
  public @Nullable String argumentTypesQuery() {
    return candidate.typesQuery(leaves);
  }

  /** Object ids of the types of that query's parameters: those that are not in it need one. */
  public List<Integer> argumentParameterTypes() {
    Set<Integer> used = new HashSet<>();
    leaves.forEach(leaf -> used.addAll(candidate.parameters(leaf)));
    List<Integer> types = new ArrayList<>();
    for (int number = 1; number <= clientParameters; number++) {
      int declared = number > declaredTypes.size() ? 0 : declaredTypes.get(number - 1);
      types.add(
          declared == TypeOid.UNSPECIFIED && !used.contains(number) ? TypeOid.TEXT : declared);
    }
    return types;
  }

  /**
   * The types to be asked about, of those that the columns of the query have; null if there are
   * none.
   */
  public @Nullable String askedTypes(List<Integer> columnTypes) {
    Collection<Integer> oids = new TreeSet<>();
    for (int i = 0; i < leaves.size(); i++) {
      if (!leaves.get(i).unknown()) {
        oids.add(columnTypes.get(i));
      }
    }
    return oids.isEmpty() ? null : ArgumentType.parameter(oids);
  }

  /** What becomes of the statement. */
  public sealed interface AnalysisOutcome permits Planned, RefusedCall {}

  /** Its calls can be served. */
  public record Planned(DirectPlan plan) implements AnalysisOutcome {}

  /**
   * PostgreSQL would refuse a call: the block raises the error, whose position is one in the
   * candidate's text, in characters from 1.
   */
  public record RefusedCall(String raiseBlock, int position) implements AnalysisOutcome {}

  /**
   * Chooses the overloads by the types of the query's columns and the rows of {@link #TYPE_QUERY}.
   */
  public AnalysisOutcome resolve(List<Integer> columnTypes, List<List<@Nullable String>> typeRows) {
    Map<Integer, ArgumentType> types = new HashMap<>();
    for (List<@Nullable String> row : typeRows) {
      ArgumentType type = ArgumentType.read(row);
      types.put(type.oid(), type);
    }
    Map<ArgumentExpression, ArgumentType> known = new HashMap<>();
    for (int i = 0; i < leaves.size(); i++) {
      ArgumentType type = types.get(columnTypes.get(i));
      if (!leaves.get(i).unknown() && type != null) {
        known.put(leaves.get(i), type);
      }
    }
    List<ResolvedCall> resolved = new ArrayList<>();
    for (DirectCall call : calls) {
      ResolvedFunction function = new ResolvedFunction(call.call(), known);
      ResolvedFunction arn =
          call.arn() == null || schemas.commons() ? null : new ResolvedFunction(call.arn(), known);
      RefusedCall refused = arn == null ? null : arn.refusal();
      refused = refused == null ? function.refusal() : refused;
      if (refused != null) {
        return refused;
      }
      resolved.add(
          new ResolvedCall(
              call,
              function.match().overload(),
              function.byParameter(),
              casts(call, function),
              arn == null ? Map.of() : arn.byParameter()));
    }
    return new Planned(DirectPlan.of(candidate, schemas, resolved, clientParameters));
  }

  /** What each leaf of a call is cast to; the leaves of the call within it are texts. */
  private Map<ArgumentExpression, String> casts(DirectCall call, ResolvedFunction function) {
    ArnForm form = ArnForm.of(schemas);
    Map<ArgumentExpression, String> casts = new LinkedHashMap<>();
    for (ArgumentExpression leaf : leaves) {
      if (call.start() <= leaf.start() && leaf.end() <= call.end()) {
        boolean own = leaf.call().equals(call.call());
        casts.put(leaf, form.cast(own ? function.type(leaf) : ParameterType.TEXT));
      }
    }
    return casts;
  }

  /** A function that is called, and which overload that means. */
  private final class ResolvedFunction {
    private final ExtensionCall function;
    private final List<ArgumentExpression> arguments;
    private final Resolution resolution;

    ResolvedFunction(ExtensionCall function, Map<ArgumentExpression, ArgumentType> known) {
      this.function = function;
      this.arguments = function.arguments().stream().map(this::expression).toList();
      this.resolution =
          OverloadResolution.resolve(
              function.function(),
              arguments.stream()
                  .map(each -> new CallArgument(each.name(), type(each, known)))
                  .toList());
    }

    /** The leaf that an argument is; one that is a call itself is taken for a leaf, too. */
    private ArgumentExpression expression(Argument argument) {
      return leaves.stream()
          .filter(leaf -> leaf.start() == argument.start())
          .findAny()
          .orElseGet(() -> new ArgumentExpression(function, argument, false));
    }

    private static @Nullable ArgumentType type(
        ArgumentExpression expression, Map<ArgumentExpression, ArgumentType> known) {
      return expression.unknown() ? null : known.getOrDefault(expression, ARN);
    }

    @Nullable RefusedCall refusal() {
      if (!(resolution instanceof Unresolved unresolved)) {
        return null;
      }
      Integer index = unresolved.argument();
      int offset = index == null ? function.start() : arguments.get(index).start();
      return new RefusedCall(RaiseBlock.error(unresolved.error()), candidate.position(offset));
    }

    Match match() {
      return (Match) resolution;
    }

    Map<Integer, ArgumentExpression> byParameter() {
      Map<Integer, ArgumentExpression> byParameter = new HashMap<>();
      for (int i = 0; i < arguments.size(); i++) {
        byParameter.put(match().places().get(i), arguments.get(i));
      }
      return byParameter;
    }

    /** The type of the parameter that an argument is for. */
    ParameterType type(ArgumentExpression argument) {
      return match().type(arguments.indexOf(argument));
    }
  }

  /** The type of create_lambda_function_arn where it does not exist. */
  private static final ArgumentType ARN =
      new ArgumentType(
          ArgumentType.ARN_TARGET,
          "aws_commons._lambda_function_arn_1",
          ArgumentType.ARN_TARGET,
          ParameterType.ARN.category(),
          false,
          Set.of(),
          true);
}
