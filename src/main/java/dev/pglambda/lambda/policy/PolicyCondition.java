package dev.pglambda.lambda.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * One key of a condition.
 *
 * @param key what is asked of the call
 * @param negated whether its value must be none of the values, and not one of them
 * @param values those in the policy
 */
record PolicyCondition(ConditionKey key, boolean negated, List<Predicate<String>> values) {

  /** Reads an element {@code Condition}; all that it lists must hold. */
  static List<PolicyCondition> read(PolicyElement condition, PolicyVersion version)
      throws PolicyException {
    List<PolicyCondition> conditions = new ArrayList<>();
    for (Map.Entry<String, PolicyElement> operator : condition.fields().entrySet()) {
      ConditionOperator named =
          ConditionOperator.named(operator.getKey())
              .orElseThrow(() -> operator.getValue().unsupported(ConditionOperator.labels()));
      for (Map.Entry<String, PolicyElement> key : operator.getValue().fields().entrySet()) {
        conditions.add(read(named, key.getKey(), key.getValue(), version));
      }
    }
    return conditions;
  }

  private static PolicyCondition read(
      ConditionOperator operator, String name, PolicyElement key, PolicyVersion version)
      throws PolicyException {
    ConditionKey known =
        ConditionKey.named(name).orElseThrow(() -> key.unsupported(ConditionKey.labels()));
    List<Predicate<String>> values = new ArrayList<>();
    for (PolicyElement value : key.elements()) {
      version.refuseVariables(value);
      values.add(operator.comparison(value));
    }
    return new PolicyCondition(known, operator.isNegated(), values);
  }

  boolean holds(PolicyRequest request) {
    String actual = key.valueIn(request);
    return negated != values.stream().anyMatch(value -> value.test(actual));
  }
}
