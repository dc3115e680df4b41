package dev.pglambda.testing;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** What a logger, and those below it, log from the moment of its creation to the end. */
public final class LogCapture implements AutoCloseable {
  private final Logger logger;
  private final @Nullable Level before;
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

  private LogCapture(String name) {
    logger = (Logger) LoggerFactory.getLogger(name);
    before = logger.getLevel();
    logged.start();
    logger.addAppender(logged);
  }

  /** Of all loggers of the proxy. */
  public static LogCapture ofProxy() {
    return of("dev.pglambda");
  }

  public static LogCapture of(Class<?> type) {
    return of(type.getName());
  }

  /** At the logger's own level. */
  public static LogCapture of(String name) {
    return new LogCapture(name);
  }

  /** At another level until the end. */
  public LogCapture at(Level level) {
    logger.setLevel(level);
    return this;
  }

  public List<ILoggingEvent> events() {
    return List.copyOf(logged.list);
  }

  /** The text of each event, with its exception's class and message. */
  public List<String> lines() {
    return events().stream().map(LogCapture::text).toList();
  }

  /** The same of errors alone. */
  public List<String> errors() {
    return events().stream()
        .filter(event -> event.getLevel().isGreaterOrEqual(Level.ERROR))
        .map(LogCapture::text)
        .toList();
  }

  private static String text(ILoggingEvent event) {
    return event.getThrowableProxy() == null
        ? event.getFormattedMessage()
        : "%s: %s: %s"
            .formatted(
                event.getFormattedMessage(),
                event.getThrowableProxy().getClassName(),
                event.getThrowableProxy().getMessage());
  }

  @Override
  public void close() {
    logger.detachAppender(logged);
    logger.setLevel(before);
    logged.stop();
  }
}
