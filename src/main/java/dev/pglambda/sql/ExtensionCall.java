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
    INVOKE("aws_lambda.invoke"),
    CREATE_LAMBDA_FUNCTION_ARN("aws_commons.create_lambda_function_arn");

    private final String qualifiedName;

    Function(String qualifiedName) {
      this.qualifiedName = qualifiedName;
    }

    static @Nullable Function named(String schema, @Nullable String functionName) {
      String qualifiedName = schema + "." + functionName;
      for (Function function : values()) {
        if (function.qualifiedName.equals(qualifiedName)) {
          return function;
        }
      }
      return null;
    }

    /** With its schema. */
    public String qualifiedName() {
      return qualifiedName;
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
