package dev.pglambda.journal;

import dev.pglambda.journal.JournalEntry.Ending;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.limits.LogThrottle;
import dev.pglambda.protocol.SqlError;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * A line of the log for each call that begins, and one for each that has ended, without payloads;
 * one more for an Event that has failed later:
 *
 * <pre>
 * → #17 notify-order Event 1.2 kB  shop INSERT INTO orders ..
 * ← #17 notify-order 202 3 ms
 * ← #17 notify-order Unhandled 3 ms the Event has failed
 * </pre>
 *
 * <p>A JSON log has the same in fields. Used by one thread at a time.
 */
public final class CallLines implements Consumer<JournalEntry> {
  private static final Logger log = LoggerFactory.getLogger("dev.pglambda.calls");

  private static final int LONGEST_TEXT = 200;
  private static final String[] UNITS = {"B", "kB", "MB", "GB"};

  private final boolean unicode;
  private final boolean colour;

  /**
   * @param unicode whether arrows can be shown; else they are made of ASCII
   * @param colour whether a terminal shows the lines
   */
  public CallLines(boolean unicode, boolean colour) {
    this.unicode = unicode;
    this.colour = colour;
  }

  @Override
  public void accept(JournalEntry entry) {
    if (!log.isInfoEnabled()) {
      return;
    }
    Ending ending = entry.ending();
    LoggingEventBuilder event =
        log.atInfo()
            .addKeyValue("call", entry.id())
            .addKeyValue("function", safe(entry.functionName()))
            .addKeyValue("outcome", entry.outcome().label());
    if (ending == null) {
      begin(entry, event);
    } else {
      end(entry, ending, event);
    }
  }

  private void begin(JournalEntry entry, LoggingEventBuilder event) {
    Invocation invocation = entry.invocation();
    String type = invocation == null ? "" : invocation.invocationType().apiName();
    String database = safe(entry.origin().database());
    String statement = safe(StatementWords.of(entry.origin().statement()));
    Long replayOf = entry.origin().replayOf();
    String from =
        replayOf == null ? (database + " " + statement).strip() : "replay of #" + replayOf;
    var unusedFields =
        event
            .addKeyValue("type", type)
            .addKeyValue("payload_bytes", entry.requestBytes())
            .addKeyValue("database", database)
            .addKeyValue("statement", statement);
    if (replayOf != null) {
      var unused = event.addKeyValue("replay_of", replayOf);
    }
    String line =
        "%s #%d %s %s %s  %s"
            .formatted(
                coloured(replayOf == null ? sign("→", "->") : sign("↻", "~>"), Colour.CYAN),
                entry.id(),
                safe(entry.functionName()),
                type,
                size(entry.requestBytes()),
                from);
    event.log("{}", line.stripTrailing());
  }

  private void end(JournalEntry entry, Ending ending, LoggingEventBuilder event) {
    String result = result(ending);
    SqlError error = ending.error();
    String message =
        ending.hasFailedLater()
            ? "the Event has failed"
            : error == null ? "" : safe(error.message());
    var unusedFields =
        event
            .addKeyValue("result", result)
            .addKeyValue("duration_ms", ending.total().toMillis())
            .addKeyValue("response_bytes", ending.responseBytes());
    if (error != null) {
      var unused = event.addKeyValue("sqlstate", error.sqlState());
    }
    if (!message.isEmpty()) {
      var unused = event.addKeyValue("message", message);
    }
    Colour shade = entry.outcome().isFailure() ? Colour.RED : Colour.GREEN;
    String line =
        "%s #%d %s %s %s %s"
            .formatted(
                coloured(sign("←", "<-"), shade),
                entry.id(),
                safe(entry.functionName()),
                coloured(result, shade),
                time(ending.total()),
                message);
    event.log("{}", line.stripTrailing());
  }

  /** A status, what the service calls the function's error, or an SQLSTATE. */
  private static String result(Ending ending) {
    InvocationResult result = ending.result();
    SqlError error = ending.error();
    return switch (ending.outcome()) {
      case PENDING, OK -> result == null ? "" : Integer.toString(result.statusCode());
      case FUNCTION_ERROR -> safe(result == null ? null : result.functionError());
      case ERROR -> error == null ? "" : safe(error.sqlState());
      case CANCELLED -> "cancelled";
    };
  }

  private static String safe(@Nullable String text) {
    if (text == null) {
      return "";
    }
    String line = LogThrottle.onOneLine(text).strip();
    return line.length() <= LONGEST_TEXT ? line : line.substring(0, LONGEST_TEXT) + "..";
  }

  private String sign(String arrow, String ascii) {
    return unicode ? arrow : ascii;
  }

  private String coloured(String text, Colour shade) {
    return colour ? "\033[" + shade.code + "m" + text + "\033[0m" : text;
  }

  static String size(long bytes) {
    double size = bytes;
    int unit = 0;
    while (size >= 999.95 && unit < UNITS.length - 1) {
      size /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", size, UNITS[unit]);
  }

  static String time(Duration total) {
    double milliseconds = total.toNanos() / 1e6;
    return milliseconds < 9.95
        ? String.format(Locale.ROOT, "%.1f ms", milliseconds)
        : milliseconds < 9_999.5
            ? String.format(Locale.ROOT, "%.0f ms", milliseconds)
            : String.format(Locale.ROOT, "%.1f s", milliseconds / 1000);
  }

  /** Of a terminal (ECMA-48, SGR). */
  private enum Colour {
    RED(31),
    GREEN(32),
    CYAN(36);

    private final int code;

    Colour(int code) {
      this.code = code;
    }
  }
}
