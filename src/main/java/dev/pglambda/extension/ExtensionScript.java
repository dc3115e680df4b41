package dev.pglambda.extension;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
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
  private static final List<String> FILES =
      List.of(
          "aws_commons.control",
          "aws_commons--1.2.sql",
          "aws_lambda.control",
          "aws_lambda--1.0.sql");
  private static final Pattern ASSIGNMENT = Pattern.compile("(?m)^(\\w+) = '(.*)'$");

  /** Lines for psql, which PostgreSQL drops as well when it runs a script. */
  private static final Pattern PSQL_COMMAND = Pattern.compile("(?m)^\\\\.*$\\n");

  private static final Pattern SECTION = Pattern.compile("(?m)^-- section: (\\w+)$\\n");

  static ExtensionScript of(String extension) {
    Map<String, String> control = new LinkedHashMap<>();
    Matcher assignment = ASSIGNMENT.matcher(read(extension + ".control"));
    while (assignment.find()) {
      control.put(assignment.group(1), assignment.group(2));
    }
    String version = control.getOrDefault("default_version", "");
    String script = read(extension + "--" + version + ".sql");
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

  /**
   * The files of both extensions, as they stand in {@code SHAREDIR/extension} of a server that has
   * them (PostgreSQL manual, "Extension Files"): file name → content, in ASCII.
   */
  static Map<String, String> files() {
    Map<String, String> files = new LinkedHashMap<>();
    FILES.forEach(file -> files.put(file, read(file)));
    return files;
  }

  /** The content of a resource of this package, which must be there; ASCII. */
  static String read(String resource) {
    try (InputStream in = ExtensionScript.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(
            "resource of dev.pglambda.extension: none named " + resource);
      }
      return new String(in.readAllBytes(), US_ASCII);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
