package dev.pglambda.lambda.policy;

import dev.pglambda.lambda.Wildcards;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * How a condition compares a key's value with those in the policy (IAM user guide, "IAM JSON policy
 * elements: Condition operators"). No key is ever missing here, or has several values: {@code
 * IfExists}, {@code ForAnyValue:} and {@code ForAllValues:} are understood and change nothing.
 */
enum ConditionOperator {
  STRING_EQUALS("StringEquals"),
  STRING_NOT_EQUALS("StringNotEquals"),
  STRING_EQUALS_IGNORE_CASE("StringEqualsIgnoreCase"),
  STRING_NOT_EQUALS_IGNORE_CASE("StringNotEqualsIgnoreCase"),
  STRING_LIKE("StringLike"),
  STRING_NOT_LIKE("StringNotLike"),
  ARN_EQUALS("ArnEquals"),
  ARN_NOT_EQUALS("ArnNotEquals"),
  ARN_LIKE("ArnLike"),
  ARN_NOT_LIKE("ArnNotLike"),
  BOOL("Bool"),
  /** Whether the key is missing. */
  NULL("Null");

  private final String label;

  ConditionOperator(String label) {
    this.label = label;
  }

  /** The operator of this name, with or without what changes nothing. */
  static Optional<ConditionOperator> named(String name) {
    String plain =
        name.replaceFirst("^(ForAnyValue|ForAllValues):", "").replaceFirst("IfExists$", "");
    return Arrays.stream(values())
        .filter(each -> each.label.equals(each == NULL ? name : plain))
        .findFirst();
  }

  /** All names, for people. */
  static String labels() {
    return Arrays.stream(values()).map(each -> each.label).collect(Collectors.joining(", "));
  }

  /** Whether a key's value must be none of the values in the policy, and not one of them. */
  boolean isNegated() {
    return label.contains("Not");
  }

  /** Whether a key's value is this one of the policy, negated or not. */
  Predicate<String> comparison(PolicyElement value) throws PolicyException {
    return switch (this) {
      case STRING_EQUALS, STRING_NOT_EQUALS -> value.text()::equals;
      case STRING_EQUALS_IGNORE_CASE, STRING_NOT_EQUALS_IGNORE_CASE ->
          value.text()::equalsIgnoreCase;
      case STRING_LIKE, STRING_NOT_LIKE -> Wildcards.pattern(value.text()).asMatchPredicate();
      case ARN_EQUALS, ARN_NOT_EQUALS, ARN_LIKE, ARN_NOT_LIKE ->
          ArnPatterns.ofCondition(value).asMatchPredicate();
      case BOOL -> truth(value)::equalsIgnoreCase;
      case NULL -> {
        boolean missing = truth(value).equalsIgnoreCase("true");
        yield actual -> !missing;
      }
    };
  }

  private static String truth(PolicyElement value) throws PolicyException {
    String text = value.value().isBoolean() ? value.value().asText() : value.text();
    if (!text.matches("(?i)true|false")) {
      throw value.error("true or false");
    }
    return text;
  }
}
