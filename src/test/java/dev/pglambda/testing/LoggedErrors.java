package dev.pglambda.testing;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.slf4j.LoggerFactory;

/** What the proxy logs as an error from the moment of its creation to the end. */
public final class LoggedErrors implements AutoCloseable {
  private final Logger logger = (Logger) LoggerFactory.getLogger("dev.pglambda");
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

  public LoggedErrors() {
    logged.start();
    logger.addAppender(logged);
  }

  /** One text for each, with its exception's class and message. */
  public List<String> messages() {
    return List.copyOf(logged.list).stream()
        .filter(event -> event.getLevel().isGreaterOrEqual(Level.ERROR))
        .map(LoggedErrors::text)
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
    logged.stop();
  }
}
