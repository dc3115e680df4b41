package dev.pglambda.lambda.policy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A policy of a role, as {@code aws iam create-policy --policy-document} takes it.
 *
 * @param statements those that concern calls of functions
 */
record PolicyDocument(List<PolicyStatement> statements) {
  private static final List<String> ELEMENTS = List.of("Version", "Id", "Statement");

  /** Reads a file; empty if it is a role's trust policy. */
  static Optional<PolicyDocument> read(Path file) throws PolicyException {
    PolicyElement document = PolicyElement.read(file);
    Map<String, PolicyElement> elements = document.fields(ELEMENTS);
    PolicyVersion version = PolicyVersion.read(elements.get("Version"));
    PolicyElement all = document.field("Statement");
    List<PolicyStatement> statements = new ArrayList<>();
    boolean ofTrust = false;
    for (PolicyElement statement : all.elements()) {
      ofTrust |= statement.fields().containsKey("Principal");
    }
    if (ofTrust) {
      TrustPolicy.check(all);
      return Optional.empty();
    }
    for (PolicyElement statement : all.elements()) {
      PolicyStatement.read(statement, version).ifPresent(statements::add);
    }
    return Optional.of(new PolicyDocument(statements));
  }
}
