package dev.pglambda.config;

import java.util.ArrayList;
import java.util.List;

/** What {@code --help} and {@code --version} print. */
final class Help {
  private static final String NAME = "pg-lambda-proxy";
  private static final int WIDTH = 100;
  private static final String INDENT = " ".repeat(8);

  private Help() {}

  static String version() {
    String version = Help.class.getPackage().getImplementationVersion();
    return NAME + " " + (version == null ? "(built from classes, no version)" : version);
  }

  static String text() {
    List<String> lines = new ArrayList<>();
    lines.add("Usage: java -jar target/pg-lambda-proxy.jar [run] [options]");
    lines.add("");
    lines.addAll(
        wrap(
            "A PostgreSQL proxy that gives any PostgreSQL the aws_lambda and aws_commons extensions"
                + " of Amazon RDS and Aurora. Without options it starts an embedded PostgreSQL.",
            ""));
    for (Option.Group group : Option.Group.values()) {
      lines.add("");
      lines.add(group.heading() + ":");
      for (Option option : Option.values()) {
        if (option.group() == group) {
          lines.addAll(describe(option));
        }
      }
    }
    lines.add("");
    lines.addAll(
        wrap(
            "An option counts before its variable, and that before the default. The AWS SDK reads"
                + " its own variables and files: credentials, profiles, endpoints.",
            ""));
    lines.add("Exit codes: 0 orderly end, 1 failure, 2 bad usage.");
    return String.join("\n", lines);
  }

  private static List<String> describe(Option option) {
    List<String> lines = new ArrayList<>();
    lines.add("  " + option.optionName() + (option.label() == null ? "" : " " + option.label()));
    lines.addAll(wrap(option.meaning(), INDENT));
    List<String> facts = new ArrayList<>();
    if (option.variable() != null) {
      facts.add("variable " + option.variable());
    }
    if (option.defaultText() != null) {
      facts.add("default " + option.defaultText());
    }
    if (!facts.isEmpty()) {
      lines.add(INDENT + "(" + String.join(", ", facts) + ")");
    }
    return lines;
  }

  private static List<String> wrap(String text, String indent) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder(indent);
    for (String word : text.split(" ", -1)) {
      boolean first = line.length() == indent.length();
      if (!first && line.length() + 1 + word.length() > WIDTH) {
        lines.add(line.toString());
        line = new StringBuilder(indent);
        first = true;
      }
      line.append(first ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }
}
