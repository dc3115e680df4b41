package dev.pglambda.conformance;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** Reads the values of one line of a case file. */
final class ValueScanner {
  private static final Pattern KEY = Pattern.compile("([A-Za-z_]+)=");
  private static final Pattern CODE = Pattern.compile("[0-9A-Fa-f]{4}");
  private static final Pattern CONTINUATION = Pattern.compile("\\s*\\n\\s*");

  private final String line;
  private int at;

  ValueScanner(String line) {
    this.line = line;
    skipSpace();
  }

  boolean atEnd() {
    return at == line.length();
  }

  /** Takes {@code key=} if it stands here. */
  @Nullable String key() {
    Matcher matcher = KEY.matcher(line).region(at, line.length());
    if (!matcher.lookingAt()) {
      return null;
    }
    at = matcher.end();
    return matcher.group(1);
  }

  /** Takes a word up to the next white space, whatever is in it. */
  String word() {
    String word = bare();
    skipSpace();
    return word;
  }

  /**
   * Takes one value.
   *
   * @throws IllegalArgumentException if there is none, or it is not well formed
   */
  Value value() {
    if (atEnd()) {
      throw new IllegalArgumentException("end of line (expected: a value)");
    }
    Value value =
        switch (line.charAt(at)) {
          case '\'', '"' -> new Value.Text(quoted());
          case '~' -> regex();
          default -> {
            String bare = bare();
            yield switch (bare) {
              case "NULL" -> new Value.Null();
              case "*" -> new Value.Any();
              default -> new Value.Text(bare);
            };
          }
        };
    if (!atEnd() && !Character.isWhitespace(line.charAt(at))) {
      throw new IllegalArgumentException(
          "'%s' right behind a value (expected: white space)".formatted(line.substring(at)));
    }
    skipSpace();
    return value;
  }

  /** Takes all that is left: one quoted value or wildcard, or text as it stands. */
  Value rest() {
    if (!atEnd() && "'\"~*".indexOf(line.charAt(at)) >= 0) {
      Value value = value();
      if (!atEnd()) {
        throw new IllegalArgumentException(
            "'%s' behind a value (expected: end of line)".formatted(line.substring(at)));
      }
      return value;
    }
    String rest = CONTINUATION.matcher(line.substring(at).strip()).replaceAll(" ");
    at = line.length();
    return new Value.Text(rest);
  }

  /** A text in double quotes with its control characters, quotes and backslashes escaped. */
  static String escaped(String text) {
    StringBuilder escaped = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> escaped.append('\\').append(c);
        case '\n' -> escaped.append("\\n");
        case '\r' -> escaped.append("\\r");
        case '\t' -> escaped.append("\\t");
        default -> {
          if (Character.isISOControl(c)) {
            escaped.append("\\u%04x".formatted((int) c));
          } else {
            escaped.append(c);
          }
        }
      }
    }
    return escaped.append('"').toString();
  }

  private String bare() {
    int start = at;
    while (!atEnd() && !Character.isWhitespace(line.charAt(at))) {
      at++;
    }
    return line.substring(start, at);
  }

  private Value regex() {
    at++;
    if (atEnd() || "'\"".indexOf(line.charAt(at)) < 0) {
      throw new IllegalArgumentException("~ without quotes (expected: ~'regular expression')");
    }
    try {
      return new Value.Regex(Pattern.compile(quoted(), Pattern.DOTALL));
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException("regular expression: " + e.getMessage(), e);
    }
  }

  private String quoted() {
    char quote = line.charAt(at++);
    StringBuilder text = new StringBuilder();
    while (!atEnd()) {
      char c = line.charAt(at++);
      if (c == '\\' && quote == '"') {
        text.append(escape());
      } else if (c != quote) {
        text.append(c);
      } else if (quote == '\'' && !atEnd() && line.charAt(at) == quote) {
        text.append(quote);
        at++;
      } else {
        return text.toString();
      }
    }
    throw new IllegalArgumentException("end of line (expected: closing %c)".formatted(quote));
  }

  private char escape() {
    char c = atEnd() ? ' ' : line.charAt(at++);
    return switch (c) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case '"', '\\' -> c;
      case 'u' -> {
        Matcher code = CODE.matcher(line).region(at, line.length());
        if (!code.lookingAt()) {
          throw new IllegalArgumentException("\\u (expected: four hexadecimal digits)");
        }
        at = code.end();
        yield (char) Integer.parseInt(code.group(), 16);
      }
      default ->
          throw new IllegalArgumentException(
              "\\%c (expected: \\n \\r \\t \\\" \\\\ \\uXXXX)".formatted(c));
    };
  }

  private void skipSpace() {
    while (!atEnd() && Character.isWhitespace(line.charAt(at))) {
      at++;
    }
  }
}
