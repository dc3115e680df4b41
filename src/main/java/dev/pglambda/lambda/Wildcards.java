package dev.pglambda.lambda;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Texts in which {@code *} stands for any characters, also none, and {@code ?} for one. */
public final class Wildcards {
  private static final Pattern TOKEN = Pattern.compile("\\*|\\?|[^*?]+");

  private Wildcards() {}

  /** The texts meant; case counts. */
  public static Pattern pattern(String text) {
    return Pattern.compile(regex(text, "."), Pattern.DOTALL);
  }

  /**
   * The regular expression for a text with wildcards.
   *
   * @param one regular expression for the character that {@code ?} stands for
   */
  public static String regex(String text, String one) {
    return TOKEN
        .matcher(text)
        .replaceAll(
            token ->
                Matcher.quoteReplacement(
                    switch (token.group()) {
                      case "*" -> one + "*";
                      case "?" -> one;
                      default -> Pattern.quote(token.group());
                    }));
  }
}
