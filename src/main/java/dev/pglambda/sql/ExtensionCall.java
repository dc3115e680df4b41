package dev.pglambda.sql;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A call of one of the extensions' functions, qualified with its schema.
 *
 * @param function which function
 * @param start offset of the first character of the schema's name
 * @param end offset just past the closing parenthesis
 * @param arguments in the order in which they are written
 */
public record ExtensionCall(Function function, int start, int end, List<Argument> arguments) {

  /** The functions that are looked for. */
  public enum Function {
    /** {@code aws_lambda.invoke}. */
    INVOKE("aws_lambda", "invoke"),
    /** {@code aws_commons.create_lambda_function_arn}. */
    CREATE_LAMBDA_FUNCTION_ARN("aws_commons", "create_lambda_function_arn");

    private final String schema;
    private final String functionName;

    Function(String schema, String functionName) {
      this.schema = schema;
      this.functionName = functionName;
    }

    static @Nullable Function named(@Nullable String schema, @Nullable String functionName) {
      for (Function function : values()) {
        if (function.schema.equals(schema) && function.functionName.equals(functionName)) {
          return function;
        }
      }
      return null;
    }
  }

  /**
   * An argument of a call.
   *
   * @param name its name in named notation; null in positional notation
   * @param start offset of its value's first token
   * @param end offset just past its value's last token
   * @param token the kind of its value's only token; null if it has several
   */
  public record Argument(@Nullable String name, int start, int end, @Nullable TokenKind token) {}
}
