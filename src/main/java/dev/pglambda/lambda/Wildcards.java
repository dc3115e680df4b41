package dev.pglambda.lambda;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Texts in which {@code *} stands for any characters, also none, and {@code ?} for one. */
public final class Wildcards {
  private static final Pattern TOKEN = Pattern.compile("\\?|[^?]+");

  private Wildcards() {}

  /** The texts meant; case counts. */
  public static Pattern pattern(String text) {
    return Pattern.compile(regex(text, "."), Pattern.DOTALL);
  }

  /**
   * The regular expression for a text with wildcards. Between two {@code *} the first place that
   * fits is taken for good, which finds whatever there is to be found: no name, however hostile,
   * takes long.
   *
   * @param one regular expression for the character that {@code ?} stands for
   */
  public static String regex(String text, String one) {
    String[] parts = text.split("\\*+", -1);
    int last = parts.length - 1;
    StringBuilder regex = new StringBuilder(withoutStar(parts[0], one));
    for (int i = 1; i < last; i++) {
      regex.append("(?>%s*?%s)".formatted(one, withoutStar(parts[i], one)));
    }
    return last == 0 ? regex.toString() : regex + one + "*" + withoutStar(parts[last], one);
  }

  private static String withoutStar(String text, String one) {
    return TOKEN
        .matcher(text)
        .replaceAll(
            token ->
                Matcher.quoteReplacement(
                    token.group().equals("?") ? one : Pattern.quote(token.group())));
  }
}
