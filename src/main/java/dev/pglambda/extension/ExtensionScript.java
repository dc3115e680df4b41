package dev.pglambda.extension;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An extension, read from its control file and script.
 *
 * @param name {@code aws_commons} or {@code aws_lambda}
 * @param version {@code default_version} of the control file
 * @param comment {@code comment} of the control file
 * @param sections the script, divided at its lines {@code -- section: name}; what stands before the
 *     first is the section {@code head}
 */
record ExtensionScript(String name, String version, String comment, Map<String, String> sections) {
  private static final Pattern ASSIGNMENT = Pattern.compile("(?m)^(\\w+) = '(.*)'$");

  /** Lines for psql, which PostgreSQL drops as well when it runs a script. */
  private static final Pattern PSQL_COMMAND = Pattern.compile("(?m)^\\\\.*$\\n");

  private static final Pattern SECTION = Pattern.compile("(?m)^-- section: (\\w+)$\\n");

  static ExtensionScript of(String extension) {
    Map<String, String> control = new LinkedHashMap<>();
    Matcher assignment = ASSIGNMENT.matcher(ExtensionFiles.read(extension + ".control"));
    while (assignment.find()) {
      control.put(assignment.group(1), assignment.group(2));
    }
    String version = control.getOrDefault("default_version", "");
    String script = ExtensionFiles.read(extension + "--" + version + ".sql");
    return new ExtensionScript(
        extension,
        version,
        control.getOrDefault("comment", ""),
        divide(PSQL_COMMAND.matcher(script).replaceAll("")));
  }

  /** The section of the script that has this name, and must be there. */
  String section(String section) {
    String text = sections.get(section);
    if (text == null) {
      throw new IllegalArgumentException(name + ": no section " + section);
    }
    return text;
  }

  private static Map<String, String> divide(String script) {
    Map<String, String> sections = new LinkedHashMap<>();
    String name = "head";
    int start = 0;
    Matcher next = SECTION.matcher(script);
    while (next.find()) {
      sections.put(name, script.substring(start, next.start()).strip());
      name = next.group(1);
      start = next.end();
    }
    sections.put(name, script.substring(start).strip());
    return Map.copyOf(sections);
  }
}
