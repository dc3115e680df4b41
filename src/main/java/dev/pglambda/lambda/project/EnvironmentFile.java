package dev.pglambda.lambda.project;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A file of {@code KEY=value} lines. No value of it is ever in a message. */
final class EnvironmentFile {
  private static final int MOST_BYTES = 1 << 20;
  private static final Pattern LINE =
      Pattern.compile("\\s*(?:export\\s+)?([A-Za-z_][A-Za-z0-9_]*)\\s*=(.*)");
  private static final Pattern QUOTED = Pattern.compile("\"(.*)\"|'(.*)'");

  private EnvironmentFile() {}

  /** The variables. Empty lines and those that begin with # say nothing; quotes are taken off. */
  static Map<String, String> read(Path file) throws FunctionsException {
    Map<String, String> variables = new LinkedHashMap<>();
    List<String> lines = SourceFile.text(file, MOST_BYTES).lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      Matcher parts = LINE.matcher(line);
      if (!parts.matches()) {
        throw new FunctionsException(
            "%s:%d: line: not a variable (expected: KEY=value)".formatted(file, i + 1));
      }
      if (!canHold(line)) {
        throw new FunctionsException(
            "%s:%d: %s: text with U+0000 (expected: text without it)"
                .formatted(file, i + 1, parts.group(1)));
      }
      variables.put(parts.group(1), unquoted(parts.group(2).strip()));
    }
    return variables;
  }

  /** Whether a variable can have the value; the JDK's own message about others shows it. */
  static boolean canHold(String value) {
    return value.indexOf('\0') < 0;
  }

  private static String unquoted(String value) {
    return QUOTED.matcher(value).matches() ? value.substring(1, value.length() - 1) : value;
  }
}
