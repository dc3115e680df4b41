package dev.pglambda.lambda;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The trace to which a call's statement belongs: a {@code traceparent} (W3C, "Trace Context") in
 * the comment that begins or ends the statement, as sqlcommenter writes it, or in {@code
 * application_name}, becomes the {@code X-Amzn-Trace-Id} of X-Ray.
 */
final class TraceContext {
  private static final String KEY = "traceparent";

  /** Version, trace, parent, flags, and what only versions after the first may have behind them. */
  private static final String VALUE =
      "([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})"
          + "(-[0-9A-Za-z.-]*+)?+(?![0-9A-Za-z_])";

  private static final Pattern IN_COMMENT = Pattern.compile(KEY + "=(?:'|%27)?" + VALUE);
  private static final Pattern ALONE = Pattern.compile("(?:" + KEY + "=)?" + VALUE);
  private static final String NO_TRACE = "0".repeat(32);
  private static final String NO_PARENT = "0".repeat(16);
  private static final int SECONDS_DIGITS = 8;

  private TraceContext() {}

  /** The header of a call; null: it belongs to no trace. */
  static @Nullable String header(CallOrigin origin) {
    String statement = origin.statement();
    String ofStatement = statement == null ? null : ofStatement(statement);
    String name = origin.applicationName();
    if (ofStatement != null || name == null) {
      return ofStatement;
    }
    Matcher alone = ALONE.matcher(name.strip());
    return alone.matches() ? header(alone) : null;
  }

  private static @Nullable String ofStatement(String statement) {
    if (!statement.contains(KEY)) {
      return null;
    }
    String begin = statement.stripLeading();
    int length = statement.length();
    while (length > 0 && isBehindComment(statement.charAt(length - 1))) {
      length--;
    }
    String end = statement.substring(0, length);
    int lastBegin = end.endsWith("*/") ? end.lastIndexOf("/*") : -1;
    String last = lastBegin < 0 ? "" : end.substring(lastBegin);
    String first = begin.startsWith("/*") ? begin.substring(0, begin.indexOf("*/") + 1) : "";
    String ofLast = inComment(last);
    return ofLast == null ? inComment(first) : ofLast;
  }

  private static boolean isBehindComment(char character) {
    return character == ';' || Character.isWhitespace(character);
  }

  private static @Nullable String inComment(String comment) {
    Matcher parent = IN_COMMENT.matcher(comment);
    return parent.find() ? header(parent) : null;
  }

  private static @Nullable String header(Matcher parent) {
    String version = parent.group(1);
    String trace = parent.group(2);
    boolean valid =
        !version.equals("ff")
            && (parent.group(5) == null || !version.equals("00"))
            && !trace.equals(NO_TRACE)
            && !parent.group(3).equals(NO_PARENT);
    return valid
        ? "Root=1-%s-%s;Parent=%s;Sampled=%d"
            .formatted(
                trace.substring(0, SECONDS_DIGITS),
                trace.substring(SECONDS_DIGITS),
                parent.group(3),
                Integer.parseInt(parent.group(4), 16) & 1)
        : null;
  }
}
