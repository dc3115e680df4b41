package dev.pglambda.lambda;

import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The function that an invocation means, as the service resolves it: a region and an account for
 * each, and one qualifier from the two places where it may stand.
 *
 * @param partition for example {@code aws}
 * @param region AWS region, for example {@code us-east-1}
 * @param account twelve digits
 * @param name bare name
 * @param qualifier version or alias, or null: {@code $LATEST}
 */
public record FunctionReference(
    String partition, String region, String account, String name, @Nullable String qualifier) {

  /** The account of functions that are named without one. */
  public static final String ACCOUNT = "000000000000";

  /** What runs if no version is asked for. */
  public static final String LATEST = "$LATEST";

  private static final int MAX_NAME_LENGTH = 256;

  private static final int MAX_QUALIFIER_LENGTH = 128;

  private static final Pattern QUALIFIER =
      Pattern.compile("\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9_$-]+");

  private static final Pattern VERSION = Pattern.compile("\\d+");

  /**
   * Resolves the names in an invocation. Fails in the service's words where they are malformed or
   * contradict each other.
   */
  public static FunctionReference of(Invocation invocation) throws InvocationException {
    String text = invocation.functionName();
    if (text.length() > MAX_NAME_LENGTH) {
      throw ServiceErrors.tooLong(text, "functionName", MAX_NAME_LENGTH);
    }
    FunctionName name =
        FunctionName.parse(text)
            .filter(found -> !FunctionName.REGION_PLACEHOLDER.equals(found.region()))
            .orElseThrow(() -> ServiceErrors.invalidFunctionName(text));
    return new FunctionReference(
        Objects.requireNonNullElse(name.partition(), "aws"),
        Objects.requireNonNullElse(name.region(), invocation.region()),
        Objects.requireNonNullElse(name.account(), ACCOUNT),
        name.name(),
        qualifier(name, invocation.qualifier()));
  }

  private static @Nullable String qualifier(FunctionName name, @Nullable String given)
      throws InvocationException {
    if (given == null) {
      return name.qualifier();
    }
    if (given.length() > MAX_QUALIFIER_LENGTH) {
      throw ServiceErrors.tooLong(given, "qualifier", MAX_QUALIFIER_LENGTH);
    }
    if (!QUALIFIER.matcher(given).matches()) {
      throw ServiceErrors.invalidQualifier(given);
    }
    if (name.qualifier() != null && !given.equals(name.qualifier())) {
      throw ServiceErrors.qualifierConflict();
    }
    return given;
  }

  /** The function's ARN, without a qualifier. */
  public String arn() {
    return "arn:%s:lambda:%s:%s:function:%s".formatted(partition, region, account, name);
  }

  /** The ARN as the caller named the function: with the qualifier if there is one. */
  public String invokedArn() {
    return qualifier == null ? arn() : arn() + ":" + qualifier;
  }

  /**
   * The version that runs where every version is there, and an alias, whatever its name, stands for
   * the latest.
   */
  public String anyVersion() {
    return qualifier != null && VERSION.matcher(qualifier).matches() ? qualifier : LATEST;
  }
}
