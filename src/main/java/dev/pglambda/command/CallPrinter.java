package dev.pglambda.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.command.CommandException.Obstacle;
import java.io.PrintStream;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Prints calls: as JSON, or as lines like those of the proxy's own log. What users have written is
 * printed without characters that a terminal would act upon.
 */
final class CallPrinter {
  private static final int LONGEST_STATEMENT = 100;

  /** Controls, also those that turn the direction of writing, and separators of lines. */
  private static final String UNSEEN = "[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]";

  private final PrintStream out;
  private final boolean json;

  CallPrinter(PrintStream out, boolean json) {
    this.out = out;
    this.json = json;
  }

  /** One line for a call. */
  void print(ListedCall call) throws CommandException {
    write(json ? call.json() : line(call).getBytes(UTF_8));
  }

  /** What came of it, below its line; nothing more if it was printed as JSON. */
  void printAnswer(ListedCall call) throws CommandException {
    if (json) {
      return;
    }
    for (String line : call.text("response").lines().toList()) {
      write(line.replaceAll(UNSEEN, "?").getBytes(UTF_8));
    }
    for (String field : List.of("detail", "hint")) {
      if (!call.text(field).isEmpty()) {
        String line = field.toUpperCase(Locale.ROOT) + ":  " + visible(call.text(field));
        write(line.getBytes(UTF_8));
      }
    }
  }

  private void write(byte[] line) throws CommandException {
    out.write(line, 0, line.length);
    out.write('\n');
    if (out.checkError()) {
      throw new CommandException(Obstacle.OUTPUT_CLOSED, "output: closed (expected: a reader)");
    }
  }

  /** For example {@code #12 10:15:03 ← my-function Event 202 3 ms orders INSERT INTO ..}. */
  private static String line(ListedCall call) {
    List<String> parts = new ArrayList<>();
    parts.add(
        "#%d %s %s %s %s %s"
            .formatted(
                call.id(),
                time(call.startedAt()),
                call.hasEnded() ? "←" : "→",
                visible(call.functionName()),
                visible(call.text("invocation_type")),
                call.hasEnded()
                    ? status(call) + " " + millis(call.number("duration_ms"))
                    : size(call.number("payload_bytes")))
            .replaceAll(" +", " "));
    if (call.number("replay_of") > 0) {
      parts.add("replay of #" + call.text("replay_of"));
    }
    parts.add(visible(call.text("database")));
    parts.add(statement(call));
    if (!call.text("message").isEmpty()) {
      parts.add("ERROR: " + visible(call.text("message")));
    }
    parts.removeIf(String::isEmpty);
    return String.join("  ", parts);
  }

  /** What Lambda calls the function's error, else the SQLSTATE, else Lambda's status. */
  private static String status(ListedCall call) {
    return Stream.of("function_error", "sqlstate", "status_code", "outcome")
        .map(field -> visible(call.text(field)))
        .filter(text -> !text.isEmpty())
        .findFirst()
        .orElse("");
  }

  private static String statement(ListedCall call) {
    String statement = visible(call.text("statement"));
    return statement.codePointCount(0, statement.length()) <= LONGEST_STATEMENT
        ? statement
        : statement.substring(0, statement.offsetByCodePoints(0, LONGEST_STATEMENT)) + " ..";
  }

  /** On this machine's clock. */
  private static String time(String instant) {
    try {
      return DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT)
          .withZone(ZoneId.systemDefault())
          .format(Instant.parse(instant));
    } catch (DateTimeException e) {
      return "--:--:--";
    }
  }

  private static String millis(double millis) {
    return withTenths(millis) + " ms";
  }

  private static String size(double bytes) {
    return bytes < 1000 ? withTenths(bytes) + " B" : withTenths(bytes / 1000) + " kB";
  }

  /** Whole from 10 on. */
  private static String withTenths(double number) {
    long tenths = Math.round(number * 10);
    return tenths >= 100 || tenths % 10 == 0
        ? Long.toString(Math.round(number))
        : tenths / 10 + "." + tenths % 10;
  }

  /** On one line. */
  static String visible(String text) {
    return text.replaceAll("[ \\t\\r\\n]+", " ").strip().replaceAll(UNSEEN, "?");
  }
}
