package dev.pglambda.direct.resolve;

import dev.pglambda.sql.ExtensionCall;
import java.util.List;

/** The functions that the extensions' scripts create, with their input parameters in order. */
public enum Overload {
  INVOKE_NAME_JSON(2, byName(ParameterType.JSON)),
  INVOKE_NAME_JSONB(2, byName(ParameterType.JSONB)),
  INVOKE_ARN_JSON(2, byArn(ParameterType.JSON)),
  INVOKE_ARN_JSONB(2, byArn(ParameterType.JSONB)),
  CREATE_ARN(1, List.of(text("function_name"), text("region")));

  /** A parameter of one of the functions. */
  public record Parameter(String name, ParameterType type) {}

  private static final List<Overload> INVOKE =
      List.of(INVOKE_NAME_JSON, INVOKE_NAME_JSONB, INVOKE_ARN_JSON, INVOKE_ARN_JSONB);

  private final int required;

  @SuppressWarnings("ImmutableEnumChecker") // an immutable list of records
  private final List<Parameter> parameters;

  Overload(int required, List<Parameter> parameters) {
    this.required = required;
    this.parameters = parameters;
  }

  /** The overloads of a function. */
  public static List<Overload> of(ExtensionCall.Function function) {
    return switch (function) {
      case INVOKE -> INVOKE;
      case CREATE_LAMBDA_FUNCTION_ARN -> List.of(CREATE_ARN);
    };
  }

  /** In the order in which they are declared. */
  public List<Parameter> parameters() {
    return parameters;
  }

  /** The type of an invoke function's payload, and of its result's. */
  public ParameterType payloadType() {
    return parameters.get(1).type();
  }

  /** How many have no default; those come first. */
  public int required() {
    return required;
  }

  private static List<Parameter> byName(ParameterType json) {
    return List.of(
        text("function_name"),
        new Parameter("payload", json),
        text("region"),
        text("invocation_type"),
        text("log_type"),
        new Parameter("context", json),
        new Parameter("qualifier", ParameterType.VARCHAR));
  }

  private static List<Parameter> byArn(ParameterType json) {
    return List.of(
        new Parameter("function_name", ParameterType.ARN),
        new Parameter("payload", json),
        text("invocation_type"),
        text("log_type"),
        new Parameter("context", json),
        new Parameter("qualifier", ParameterType.VARCHAR));
  }

  private static Parameter text(String name) {
    return new Parameter(name, ParameterType.TEXT);
  }
}
