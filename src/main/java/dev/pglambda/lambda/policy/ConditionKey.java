package dev.pglambda.lambda.policy;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a condition may ask of a call. Each has one value in every call. */
enum ConditionKey {
  /** The function as the caller named it: with a qualifier if there is one. */
  FUNCTION_ARN("lambda:FunctionArn"),
  REQUESTED_REGION("aws:RequestedRegion"),
  /** The role's ARN, and not that of its session (IAM user guide, "aws:PrincipalArn"). */
  PRINCIPAL_ARN("aws:PrincipalArn");

  private final String label;

  ConditionKey(String label) {
    this.label = label;
  }

  /** The key of this name; case does not count. */
  static Optional<ConditionKey> named(String name) {
    return Arrays.stream(values()).filter(each -> each.label.equalsIgnoreCase(name)).findFirst();
  }

  /** All names, for people. */
  static String labels() {
    return Arrays.stream(values()).map(each -> each.label).collect(Collectors.joining(", "));
  }

  String valueIn(PolicyRequest request) {
    return switch (this) {
      case FUNCTION_ARN -> request.function().invokedArn();
      case REQUESTED_REGION -> request.function().region();
      case PRINCIPAL_ARN -> request.role().arn();
    };
  }
}
