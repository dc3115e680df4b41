package dev.pglambda.lambda.policy;

import dev.pglambda.lambda.Wildcards;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A statement that concerns {@code lambda:InvokeFunction}.
 *
 * @param allows whether it allows, or denies
 * @param resources texts of {@code Resource} or {@code NotResource}
 * @param patterns what the resources mean
 * @param others whether all others than the resources are meant
 * @param conditions which all must hold
 */
record PolicyStatement(
    boolean allows,
    List<String> resources,
    List<Pattern> patterns,
    boolean others,
    List<PolicyCondition> conditions) {
  private static final String ACTION = "lambda:InvokeFunction";

  private static final List<String> ELEMENTS =
      List.of("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition");

  private static final Pattern ACCOUNT = Pattern.compile("arn:[^:]*:lambda:[^:]*:(\\d{12}):.*");

  /**
   * Reads a statement; empty if it concerns other actions only. Of these neither the resources nor
   * the conditions are looked at, since they say nothing about calls.
   */
  static Optional<PolicyStatement> read(PolicyElement statement, PolicyVersion version)
      throws PolicyException {
    Map<String, PolicyElement> elements = statement.fields(ELEMENTS);
    PolicyElement sid = elements.get("Sid");
    if (sid != null) {
      var unused = sid.text();
    }
    boolean allows = allows(statement.field("Effect"));
    PolicyElement actions = either(statement, elements, "Action", "NotAction");
    PolicyElement resources = either(statement, elements, "Resource", "NotResource");
    boolean namesAction = namesAction(actions);
    boolean concerned = namesAction == elements.containsKey("Action");
    return concerned ? Optional.of(read(allows, resources, elements, version)) : Optional.empty();
  }

  private static PolicyStatement read(
      boolean allows,
      PolicyElement resources,
      Map<String, PolicyElement> elements,
      PolicyVersion version)
      throws PolicyException {
    List<String> texts = new ArrayList<>();
    for (PolicyElement resource : resources.elements()) {
      version.refuseVariables(resource);
      String text = resource.text();
      if (!text.equals("*") && !text.startsWith("arn:")) {
        throw resource.error("an ARN or *");
      }
      texts.add(text);
    }
    PolicyElement condition = elements.get("Condition");
    return new PolicyStatement(
        allows,
        texts,
        texts.stream().map(ArnPatterns::ofResource).toList(),
        elements.containsKey("NotResource"),
        condition == null ? List.of() : PolicyCondition.read(condition, version));
  }

  private static boolean allows(PolicyElement effect) throws PolicyException {
    String text = effect.text();
    if (!text.equals("Allow") && !text.equals("Deny")) {
      throw effect.error("Allow or Deny");
    }
    return text.equals("Allow");
  }

  private static PolicyElement either(
      PolicyElement statement, Map<String, PolicyElement> elements, String name, String negated)
      throws PolicyException {
    PolicyElement other = elements.get(negated);
    if (other != null && elements.containsKey(name)) {
      throw other.unsupported("%s or %s, not both".formatted(name, negated));
    }
    return other == null ? statement.field(name) : other;
  }

  private static boolean namesAction(PolicyElement actions) throws PolicyException {
    boolean named = false;
    for (PolicyElement action : actions.elements()) {
      String text = action.text();
      if (!text.matches("\\*|[^:]+:[^:]+")) {
        throw action.error("an action, for example " + ACTION);
      }
      named |=
          Pattern.compile(Wildcards.regex(text, "."), Pattern.CASE_INSENSITIVE)
              .matcher(ACTION)
              .matches();
    }
    return named;
  }

  /** The account that it names first. */
  Optional<String> account() {
    return resources.stream()
        .map(ACCOUNT::matcher)
        .filter(Matcher::matches)
        .map(arn -> arn.group(1))
        .findFirst();
  }

  /**
   * Whether it speaks of this call. A function that is called with a qualifier is another resource
   * than the same one without (AWS Lambda developer guide, "Fine-tuning the Resources and
   * Conditions sections of policies").
   */
  boolean speaksOf(PolicyRequest request) {
    String arn = request.function().invokedArn();
    boolean named = patterns.stream().anyMatch(pattern -> pattern.matcher(arn).matches());
    return named != others && conditions.stream().allMatch(condition -> condition.holds(request));
  }
}
