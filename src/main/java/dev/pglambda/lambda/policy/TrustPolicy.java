package dev.pglambda.lambda.policy;

import java.util.List;

/**
 * Who may assume a role, as {@code aws iam create-role --assume-role-policy-document} takes it. On
 * AWS a database cannot use a role that does not trust RDS; here it is only checked.
 */
final class TrustPolicy {
  private static final String RDS = "rds.amazonaws.com";

  private static final List<String> ELEMENTS =
      List.of("Sid", "Effect", "Principal", "Action", "Condition");

  private TrustPolicy() {}

  /** Fails if it does not trust RDS. Conditions are not looked at. */
  static void check(PolicyElement statements) throws PolicyException {
    boolean trusted = false;
    for (PolicyElement statement : statements.elements()) {
      boolean assumes = false;
      for (PolicyElement action : statement.field("Action").elements()) {
        if (!action.text().regionMatches(true, 0, "sts:", 0, "sts:".length())) {
          throw action.error("sts:AssumeRole; policies of functions are not supported");
        }
        assumes |= action.text().equalsIgnoreCase("sts:AssumeRole");
      }
      statement.fields(ELEMENTS);
      boolean allows = statement.field("Effect").text().equals("Allow");
      trusted |= allows && assumes && namesRds(statement.field("Principal"));
    }
    if (!trusted) {
      throw statements.error("one that allows %s to sts:AssumeRole".formatted(RDS));
    }
  }

  private static boolean namesRds(PolicyElement principal) throws PolicyException {
    if (!principal.value().has("Service")) {
      return false;
    }
    for (PolicyElement service : principal.field("Service").elements()) {
      if (service.text().equals(RDS)) {
        return true;
      }
    }
    return false;
  }
}
