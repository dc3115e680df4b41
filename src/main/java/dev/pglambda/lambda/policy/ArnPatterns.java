package dev.pglambda.lambda.policy;

import dev.pglambda.lambda.FunctionName;
import dev.pglambda.lambda.Wildcards;
import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What ARNs with wildcards mean. */
final class ArnPatterns {
  private static final String WITHIN_PART = "[^:]";
  private static final int PARTS = 6;

  private ArnPatterns() {}

  /**
   * The ARNs that an element {@code Resource} means: wildcards stay within a part, but for a {@code
   * *} at its end, which passes colons (IAM user guide, "IAM JSON policy elements: Resource"). So
   * {@code function:f} is not {@code function:f:live}, and {@code function:f*} is both. The guides'
   * placeholder for a region is any region.
   */
  static Pattern ofResource(String text) {
    String filled = text.replace(":lambda:" + FunctionName.REGION_PLACEHOLDER + ":", ":lambda:*:");
    return Pattern.compile(
        Arrays.stream(filled.split(":", -1))
            .map(
                part ->
                    part.endsWith("*")
                        ? within(part.substring(0, part.length() - 1)) + ".*"
                        : within(part))
            .collect(Collectors.joining(":")));
  }

  /**
   * The ARNs that a value of {@code ArnLike} means: each of its six parts is compared by itself
   * (IAM user guide, "IAM JSON policy elements: Condition operators").
   */
  static Pattern ofCondition(PolicyElement value) throws PolicyException {
    String[] parts = value.text().split(":", PARTS);
    int last = PARTS - 1;
    if (parts.length < PARTS || !parts[0].equals("arn")) {
      throw value.error("an ARN");
    }
    return Pattern.compile(
        Arrays.stream(parts, 0, last)
            .map(part -> within(part) + ":")
            .collect(Collectors.joining("", "", Wildcards.regex(parts[last], "."))));
  }

  private static String within(String part) {
    return Wildcards.regex(part, WITHIN_PART);
  }
}
