package dev.pglambda.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Texts to be sent in one session, whose answers are compared with another server's. In a file, a
 * line {@code ## title} begins a script; below it may stand {@code role: name} and {@code from:
 * version}. Empty lines separate the texts, and lines that begin with {@code #} are left out.
 *
 * @param title what it shows
 * @param role the session's user; null for the usual one
 * @param fromVersion PostgreSQL's lowest major version it is for
 * @param texts in the order in which they are sent
 */
record ComparisonScript(String title, @Nullable String role, int fromVersion, List<String> texts) {
  private static final Path DIRECTORY = Path.of("src", "test", "resources", "comparison");

  /** The scripts of a file. */
  static List<ComparisonScript> read(String file) {
    try {
      String content = "\n" + Files.readString(DIRECTORY.resolve(file));
      return Stream.of(content.split("\n## ", -1)).skip(1).map(ComparisonScript::parse).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ComparisonScript parse(String part) {
    String[] paragraphs = part.strip().split("\n\n+", -1);
    List<String> head = paragraphs[0].lines().toList();
    Map<String, String> directives = new LinkedHashMap<>();
    for (String line : head.subList(1, head.size())) {
      directives.put(line.substring(0, line.indexOf(": ")), line.substring(line.indexOf(": ") + 2));
    }
    String role = directives.remove("role");
    String from = directives.remove("from");
    if (!directives.isEmpty()) {
      throw new IllegalArgumentException(head.get(0) + ": " + directives.keySet());
    }
    List<String> texts = new ArrayList<>();
    for (int i = 1; i < paragraphs.length; i++) {
      String text =
          paragraphs[i]
              .lines()
              .filter(line -> !line.startsWith("#"))
              .collect(Collectors.joining("\n"));
      if (!text.isEmpty()) {
        texts.add(text);
      }
    }
    return new ComparisonScript(
        head.get(0), role, from == null ? 0 : Integer.parseInt(from), texts);
  }
}
