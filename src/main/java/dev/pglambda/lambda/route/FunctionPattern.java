package dev.pglambda.lambda.route;

import dev.pglambda.lambda.FunctionReference;
import dev.pglambda.lambda.Wildcards;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Functions by name, region, account and qualifier. The text is a function's name in any form of
 * the Lambda API, in which {@code *} stands for any characters and {@code ?} for one: {@code
 * orders-*}, {@code orders:live}, {@code 111122223333:function:orders}, {@code
 * arn:aws:lambda:eu-*:*:function:orders-*}. A part that is not there may be anything.
 */
public final class FunctionPattern {
  private static final String PART = "[a-zA-Z0-9_.*?-]+";

  private static final Pattern FORMS =
      Pattern.compile(
          "(arn:(?<partition>"
              + PART
              + "):lambda:(?<region>"
              + PART
              + "):)?(((?<account>[0-9*?]+):)?function:)?(?<name>"
              + PART
              + ")(:(?<qualifier>[a-zA-Z0-9_$.*?-]+))?");

  private final String text;
  private final String nameText;
  private final @Nullable Pattern partition;
  private final @Nullable Pattern region;
  private final @Nullable Pattern account;
  private final @Nullable Pattern name;
  private final @Nullable Pattern qualifier;

  private FunctionPattern(String text, Matcher forms) {
    this.text = text;
    this.nameText = String.valueOf(forms.group("name"));
    this.partition = glob(forms.group("partition"));
    this.region = glob(forms.group("region"));
    this.account = glob(forms.group("account"));
    this.name = glob(forms.group("name"));
    this.qualifier = glob(forms.group("qualifier"));
  }

  /** Empty if the text has none of the forms. */
  public static Optional<FunctionPattern> parse(String text) {
    Matcher forms = FORMS.matcher(text);
    boolean whole = forms.matches() && (!text.startsWith("arn:") || forms.group("account") != null);
    return whole ? Optional.of(new FunctionPattern(text, forms)) : Optional.empty();
  }

  private static @Nullable Pattern glob(@Nullable String part) {
    return part == null ? null : Wildcards.pattern(part);
  }

  /** Whether it means this function. */
  public boolean matches(FunctionReference function) {
    return mismatch(function) == null;
  }

  /** Whether it means functions of this name at all. */
  public boolean matchesName(String functionName) {
    return matches(name, functionName);
  }

  /** The first part that differs, for people: {@code the region is eu-west-1}; null: none. */
  @Nullable String mismatch(FunctionReference function) {
    String version = function.qualifier() == null ? FunctionReference.LATEST : function.qualifier();
    if (!matches(name, function.name())) {
      return "the name is \"%s\"".formatted(function.name());
    } else if (!matches(region, function.region())) {
      return "the region is %s".formatted(function.region());
    } else if (!matches(account, function.account())) {
      return "the account is %s".formatted(function.account());
    } else if (!matches(partition, function.partition())) {
      return "the partition is %s".formatted(function.partition());
    } else if (!matches(qualifier, version)) {
      return "the qualifier is %s".formatted(version);
    }
    return null;
  }

  /**
   * How many characters must change for a name to match the pattern's: 0 if it does (Levenshtein's
   * distance, in which {@code *} takes any characters for nothing).
   */
  int distance(String functionName) {
    int[] costs = IntStream.rangeClosed(0, functionName.length()).toArray();
    for (int at = 0; at < nameText.length(); at++) {
      char part = nameText.charAt(at);
      int diagonal = costs[0];
      costs[0] += part == '*' ? 0 : 1;
      for (int i = 1; i < costs.length; i++) {
        int above = costs[i];
        boolean same = part == '?' || part == functionName.charAt(i - 1);
        costs[i] =
            part == '*'
                ? Math.min(above, costs[i - 1])
                : Math.min(diagonal + (same ? 0 : 1), 1 + Math.min(above, costs[i - 1]));
        diagonal = above;
      }
    }
    return costs[functionName.length()];
  }

  private static boolean matches(@Nullable Pattern pattern, String value) {
    return pattern == null || pattern.matcher(value).matches();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof FunctionPattern pattern && pattern.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  /** The text. */
  @Override
  public String toString() {
    return text;
  }
}
