package dev.pglambda.conformance;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One value of a transcript, expected or actual; {@code toString} is how case files write it. */
sealed interface Value {

  /** Whether an actual value is as expected; null is NULL, or a field that is not there. */
  boolean matches(@Nullable String actual);

  /** How case files write it where it is all that is left of a line. */
  default String asRest() {
    return toString();
  }

  /** A value that came over the wire. */
  static Value of(@Nullable String actual) {
    return actual == null ? new Null() : new Text(actual);
  }

  /** Exactly this text. */
  record Text(String text) implements Value {
    private static final Pattern BARE =
        Pattern.compile("[-?A-Za-z0-9_.$:+/@{\\[(][^\\s'\"\\p{Cntrl}]*");
    private static final Pattern AS_IT_STANDS =
        Pattern.compile("[^\\s'\"~*\\p{Cntrl}]([^\\p{Cntrl}]*[^\\s\\p{Cntrl}])?");
    private static final Pattern PRINTABLE = Pattern.compile("[^\\p{Cntrl}]*");

    @Override
    public boolean matches(@Nullable String actual) {
      return text.equals(actual);
    }

    @Override
    public String asRest() {
      return AS_IT_STANDS.matcher(text).matches() ? text : toString();
    }

    @Override
    public String toString() {
      if (BARE.matcher(text).matches() && !text.equals("NULL")) {
        return text;
      }
      return PRINTABLE.matcher(text).matches()
          ? "'" + text.replace("'", "''") + "'"
          : ValueScanner.escaped(text);
    }
  }

  /** NULL, or a field that is not there. */
  record Null() implements Value {
    @Override
    public boolean matches(@Nullable String actual) {
      return actual == null;
    }

    @Override
    public String toString() {
      return "NULL";
    }
  }

  /** Anything, NULL too. */
  record Any() implements Value {
    @Override
    public boolean matches(@Nullable String actual) {
      return true;
    }

    @Override
    public String toString() {
      return "*";
    }
  }

  /** A text that a regular expression matches as a whole. */
  record Regex(Pattern pattern) implements Value {
    @Override
    public boolean matches(@Nullable String actual) {
      return actual != null && pattern.matcher(actual).matches();
    }

    @Override
    public String toString() {
      return "~'" + pattern.pattern().replace("'", "''") + "'";
    }
  }
}
