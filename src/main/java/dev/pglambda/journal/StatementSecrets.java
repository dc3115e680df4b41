package dev.pglambda.journal;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Passwords in a statement, as a client may send one beside a call: what stands behind the word, as
 * in {@code ALTER ROLE .. PASSWORD '..'}, {@code OPTIONS (password '..')}, {@code SET password =
 * '..'} and {@code dblink_connect('password=..')}, and what stands in an address, as in {@code
 * postgresql://user:..@host}. The statement may be cut anywhere.
 */
final class StatementSecrets {
  private static final String HIDDEN = "***";

  /** The word, and what stands between it and its value; the first group is of an assignment. */
  private static final Pattern WORD =
      Pattern.compile("(?i)password\"?\\s*+((?:=>|:=|=)\\s*+)?", Pattern.UNICODE_CASE);

  /** The beginning of a literal of SQL; the first group is that of one with escapes. */
  private static final Pattern LITERAL =
      Pattern.compile("([eE])'|(?:[uU]&)?'|(\\$(?:[\\p{L}_][\\p{L}\\p{N}_]*+)?\\$)");

  /** The same within another literal, to the end or where the statement is cut. */
  private static final Pattern NESTED = Pattern.compile("''[^']++(?:''|$)");

  /** What is no literal. */
  private static final Pattern BARE = Pattern.compile("[^\\s'\";,)]++");

  private static final Pattern IN_ADDRESS = Pattern.compile("(://[^\\s:/@']*+:)[^\\s@/']++@");

  private StatementSecrets() {}

  /** The same statement without them. */
  static @Nullable String hide(@Nullable String statement) {
    if (statement == null) {
      return null;
    }
    Matcher word = WORD.matcher(statement);
    StringBuilder hidden = new StringBuilder();
    int from = 0;
    while (word.find(from)) {
      int end = endOfValue(statement, word.end(), word.group(1) != null);
      hidden.append(statement, from, word.end());
      hidden.append(end > word.end() ? HIDDEN : "");
      from = end;
    }
    String rest = hidden.append(statement, from, statement.length()).toString();
    return IN_ADDRESS.matcher(rest).replaceAll("$1" + HIDDEN + "@");
  }

  /** Where the value ends that begins here; here if there is none. */
  private static int endOfValue(String statement, int begin, boolean isAssigned) {
    Matcher nested = NESTED.matcher(statement).region(begin, statement.length());
    Matcher literal = LITERAL.matcher(statement).region(begin, statement.length());
    Matcher bare = BARE.matcher(statement).region(begin, statement.length());
    if (nested.lookingAt()) {
      return nested.end();
    } else if (literal.lookingAt()) {
      String tag = literal.group(2);
      return tag == null
          ? endOfQuoted(statement, literal.end(), literal.group(1) != null)
          : endOfDollarQuoted(statement, literal.end(), tag);
    } else if (!isAssigned || !bare.lookingAt()) {
      return begin;
    }
    boolean isFunction = bare.group().endsWith("(") && statement.startsWith("'", bare.end());
    return isFunction ? endOfQuoted(statement, bare.end() + 1, false) : bare.end();
  }

  private static int endOfDollarQuoted(String statement, int begin, String tag) {
    int end = statement.indexOf(tag, begin);
    return end < 0 ? statement.length() : end + tag.length();
  }

  private static int endOfQuoted(String statement, int begin, boolean hasEscapes) {
    for (int i = begin; i < statement.length(); i++) {
      if (hasEscapes && statement.charAt(i) == '\\') {
        i++;
      } else if (statement.charAt(i) == '\'') {
        if (!statement.startsWith("''", i)) {
          return i + 1;
        }
        i++;
      }
    }
    return statement.length();
  }
}
