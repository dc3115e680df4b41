package dev.pglambda.lambda;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Refusals of the Lambda service in its own words, for functions that are not in AWS. The texts
 * were recorded from the service in 2025.
 */
public final class ServiceErrors {
  /** The API's pattern, word for word. */
  private static final String NAME_PATTERN =
      "(arn:(aws[a-zA-Z-]*)?:lambda:)?"
          + "((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?"
          + "([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";

  private static final String QUALIFIER_PATTERN = "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";

  private ServiceErrors() {}

  static InvocationException invalidFunctionName(String given) {
    return invalid(given, "functionName", mustMatch(NAME_PATTERN));
  }

  static InvocationException invalidQualifier(String given) {
    return invalid(given, "qualifier", mustMatch(QUALIFIER_PATTERN));
  }

  static InvocationException tooLong(String given, String member, int limit) {
    return invalid(given, member, "have length less than or equal to " + limit);
  }

  static InvocationException qualifierConflict() {
    return refused(
        "The derived qualifier from the function name does not match the specified qualifier.");
  }

  /** There is no such function, or no such version of it; perhaps with a HINT. */
  public static InvocationException notFound(FunctionReference function, @Nullable String hint) {
    String qualifier = Objects.requireNonNullElse(function.qualifier(), FunctionReference.LATEST);
    return new InvocationException(
        "Function not found: " + function.arn() + ":" + qualifier, false, hint, null);
  }

  /** A function runs as often as it may at a time. */
  public static InvocationException tooManyRequests() {
    return refused("Rate Exceeded.");
  }

  /**
   * A policy does not allow the call.
   *
   * @param principal ARN of who calls
   * @param because the end of the sentence, for example {@code because no identity-based policy
   *     allows the lambda:InvokeFunction action}
   */
  public static InvocationException accessDenied(
      String principal, FunctionReference function, String because) {
    return refused(
        "User: %s is not authorized to perform: lambda:InvokeFunction on resource: %s %s"
            .formatted(principal, function.invokedArn(), because));
  }

  /** The payload is longer than the service takes. */
  public static InvocationException payloadTooLarge(int limit) {
    return refused(
        "Request must be smaller than %d bytes for the InvokeFunction operation".formatted(limit));
  }

  /** Any other refusal. */
  public static InvocationException refused(String message) {
    return new InvocationException(message, null);
  }

  private static String mustMatch(String pattern) {
    return "satisfy regular expression pattern: " + pattern;
  }

  private static InvocationException invalid(String value, String member, String constraint) {
    return refused(
        ("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must"
                + " %s")
            .formatted(value, member, constraint));
  }
}
