package dev.pglambda.journal;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The first words of a statement, which tell what it does, and none of the values in it. */
final class StatementWords {
  private static final int MOST_COMMENTS = 10;

  private static final Pattern COMMENT = Pattern.compile("\\s*+(?:--[^\\n]*+\\n|/\\*(?s:.*?)\\*/)");

  /** A literal, a number or a parenthesis ends them. */
  private static final Pattern WORDS =
      Pattern.compile(
          "\\s*+([\\p{L}_][\\p{L}\\p{N}_.]*+(?:\\s++[\\p{L}_\"][\\p{L}\\p{N}_.\"]*+){0,3})");

  private StatementWords() {}

  /** At most four, and two dots if there is more; empty if it begins otherwise. */
  static @Nullable String of(@Nullable String statement) {
    if (statement == null) {
      return null;
    }
    int begin = 0;
    Matcher comment = COMMENT.matcher(statement);
    for (int i = 0;
        i < MOST_COMMENTS && comment.region(begin, statement.length()).lookingAt();
        i++) {
      begin = comment.end();
    }
    Matcher words = WORDS.matcher(statement).region(begin, statement.length());
    if (!words.lookingAt()) {
      return "";
    }
    String more = statement.substring(words.end()).isBlank() ? "" : " ..";
    return words.group(1).replaceAll("\\s+", " ") + more;
  }
}
