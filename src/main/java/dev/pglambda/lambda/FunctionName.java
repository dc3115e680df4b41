package dev.pglambda.lambda;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a function's name in any of the forms of the Lambda API: a name, {@code
 * name:qualifier}, a partial ARN ({@code 111122223333:function:name}) or a full ARN (AWS Lambda API
 * reference, Invoke, "FunctionName").
 *
 * @param text the name as it was given
 * @param partition the ARN's, for example {@code aws}, or null
 * @param region region in the ARN, which may be {@link #REGION_PLACEHOLDER}, or null
 * @param account twelve digits, or null
 * @param name the bare name
 * @param qualifier version or alias, or null
 */
public record FunctionName(
    String text,
    @Nullable String partition,
    @Nullable String region,
    @Nullable String account,
    String name,
    @Nullable String qualifier) {

  /** What AWS's guides print where a region is to be filled in; it counts as "not given". */
  public static final String REGION_PLACEHOLDER = "aws-region";

  /**
   * The API's own pattern, with the groups named and the guides' placeholder taken for a region.
   * Every prefix is optional there, so {@code function} alone is a name.
   */
  private static final Pattern FORMS =
      Pattern.compile(
          "(arn:(?<partition>aws[a-zA-Z-]*)?:lambda:)?"
              + "((?<region>"
              + REGION_PLACEHOLDER
              + "|(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d):)?"
              + "((?<account>\\d{12}):)?"
              + "(function:)?"
              + "(?<name>[a-zA-Z0-9_.-]+)"
              + "(:(?<qualifier>\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9_-]+))?");

  /** Takes a name apart; empty if it has none of the forms. */
  public static Optional<FunctionName> parse(String text) {
    Matcher forms = FORMS.matcher(text);
    return forms.matches()
        ? Optional.of(
            new FunctionName(
                text,
                forms.group("partition"),
                forms.group("region"),
                forms.group("account"),
                forms.group("name"),
                forms.group("qualifier")))
        : Optional.empty();
  }

  /**
   * Whether the bare name has a meaning of its own where it stands in the path of a URL (RFC 3986,
   * section 5.2.4): the API's pattern lets it pass, but the request would be another one.
   */
  boolean isPathSegment() {
    return name.equals(".") || name.equals("..");
  }

  /** The name to send to the endpoint of a region: the text, its placeholder filled in. */
  String textIn(String actualRegion) {
    Matcher forms = FORMS.matcher(text);
    if (!REGION_PLACEHOLDER.equals(region) || !forms.matches()) {
      return text;
    }
    return text.substring(0, forms.start("region"))
        + actualRegion
        + text.substring(forms.end("region"));
  }
}
