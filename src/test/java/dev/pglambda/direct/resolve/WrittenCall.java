package dev.pglambda.direct.resolve;

import dev.pglambda.sql.ExtensionCall.Function;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A call as a client could write it.
 *
 * @param arguments in their order
 */
record WrittenCall(Function function, List<WrittenArgument> arguments) {

  /**
   * An expression of a type.
   *
   * @param sql what to write; null for a parameter
   * @param type its type, as {@code regtype} reads it; null if it is unknown
   */
  record Expression(@Nullable String sql, @Nullable String type) {
    /** A constant of a type. */
    static Expression constant(String type) {
      return new Expression("NULL::" + type, type);
    }

    /** A parameter. */
    static Expression parameter(@Nullable String type) {
      return new Expression(null, type);
    }
  }

  /**
   * An argument.
   *
   * @param name in named notation; null in positional notation
   */
  record WrittenArgument(@Nullable String name, Expression expression) {
    boolean isFunctionName(int place) {
      return name == null ? place == 0 : name.equals("function_name");
    }
  }

  /**
   * The statement to be parsed.
   *
   * @param parameterTypes of Parse
   * @param functionPosition of the call, in characters from 1
   * @param argumentPositions of the arguments' names, or values if they have none
   */
  record Statement(
      String sql,
      List<Integer> parameterTypes,
      int functionPosition,
      List<Integer> argumentPositions) {}

  Statement statement(Map<String, ArgumentType> types) {
    StringBuilder sql = new StringBuilder("SELECT ");
    List<Integer> parameterTypes = new ArrayList<>();
    List<Integer> positions = new ArrayList<>();
    int functionPosition = sql.length() + 1;
    sql.append(
        function == Function.INVOKE
            ? "aws_lambda.invoke("
            : "aws_commons.create_lambda_function_arn(");
    for (int i = 0; i < arguments.size(); i++) {
      WrittenArgument argument = arguments.get(i);
      sql.append(i == 0 ? "" : ", ");
      positions.add(sql.length() + 1);
      if (argument.name() != null) {
        sql.append('"').append(argument.name()).append(i % 2 == 0 ? "\" => " : "\" := ");
      }
      Expression expression = argument.expression();
      if (expression.sql() == null) {
        ArgumentType type = type(types, expression);
        parameterTypes.add(type == null ? 0 : type.oid());
        sql.append('$').append(parameterTypes.size());
      } else if (expression.sql().equals("''")) {
        sql.append(argument.isFunctionName(i) ? "'(f,r)'" : "'{}'");
      } else {
        sql.append(expression.sql());
      }
    }
    return new Statement(
        sql.append(')').toString(), parameterTypes, functionPosition, List.copyOf(positions));
  }

  /** The arguments as the proxy sees them. */
  List<CallArgument> seen(Map<String, ArgumentType> types) {
    return arguments.stream()
        .map(argument -> new CallArgument(argument.name(), type(types, argument.expression())))
        .toList();
  }

  private static @Nullable ArgumentType type(
      Map<String, ArgumentType> types, Expression expression) {
    return expression.type() == null ? null : Objects.requireNonNull(types.get(expression.type()));
  }
}
