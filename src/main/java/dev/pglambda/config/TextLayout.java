package dev.pglambda.config;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/**
 * One line an event: {@code 2026-11-22T11:36:14.554Z INFO message}. The lines of a longer message
 * are indented, so that text from a client cannot pass for an event of its own.
 */
final class TextLayout extends LayoutBase<ILoggingEvent> {
  private static final String INDENT = "\n    ";

  @Override
  public String doLayout(ILoggingEvent event) {
    StringBuilder line = new StringBuilder(160);
    appendTime(line, event.getTimeStamp());
    String level = event.getLevel().toString();
    line.append(' ').append(level).append(level.length() < 5 ? "  " : " ");
    line.append(event.getFormattedMessage().strip().replace('\r', ' ').replace("\n", INDENT));
    IThrowableProxy throwable = event.getThrowableProxy();
    if (throwable != null) {
      line.append(INDENT).append(ThrowableProxyUtil.asString(throwable).strip());
    }
    return line.append('\n').toString();
  }

  /** By hand: a DateTimeFormatter alone would add some 20 ms to the start. */
  private static void appendTime(StringBuilder line, long epochMilliseconds) {
    int nanoseconds = (int) Math.floorMod(epochMilliseconds, 1000L) * 1_000_000;
    LocalDateTime time =
        LocalDateTime.ofEpochSecond(
            Math.floorDiv(epochMilliseconds, 1000L), nanoseconds, ZoneOffset.UTC);
    line.append(time.toLocalDate()).append('T');
    appendTwoDigits(line, time.getHour()).append(':');
    appendTwoDigits(line, time.getMinute()).append(':');
    appendTwoDigits(line, time.getSecond()).append('.');
    int milliseconds = nanoseconds / 1_000_000;
    line.append(milliseconds / 100);
    appendTwoDigits(line, milliseconds % 100).append('Z');
  }

  private static StringBuilder appendTwoDigits(StringBuilder line, int number) {
    return line.append(number / 10).append(number % 10);
  }
}
