package dev.pglambda.config;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.slf4j.LoggerFactory;

/** Sets Logback up without its configuration files: looking for them would delay the start. */
public final class Logging {
  /** Libraries that log much and, below WARN, nothing a user of the proxy could act on. */
  private static final List<String> NOISY_LOGGERS = List.of("io.netty", "software.amazon.awssdk");

  /** Warns, with a stack trace, when a call is cancelled while the SDK still writes its request. */
  private static final String PROMISES = "io.netty.channel.AbstractChannelHandlerContext";

  /** Tells of each HTTP proxy that fails, with a stack trace, what the call's own line tells. */
  private static final String TUNNELS =
      "software.amazon.awssdk.http.nio.netty.internal.Http1TunnelConnectionPool";

  /**
   * Warns of each peer that does not take the end of its TLS connection in time: who opens many and
   * reads nothing could fill the log.
   */
  private static final String TLS = "io.netty.handler.ssl.SslHandler";

  /**
   * One line an event: {@code 2026-11-22T11:36:14.554Z INFO message}. The lines of a longer message
   * are indented, so that text from a client cannot pass for an event of its own.
   */
  private static final String PATTERN =
      "%d{\"yyyy-MM-dd'T'HH:mm:ss.SSS'Z'\", UTC} %-5level"
          + " %replace(%replace(%replace(%msg%n%ex){'^\\s+|\\s+$', ''}){'\\r', ' '}){'\\n', '\n    '}%n";

  private Logging() {}

  /**
   * Directs the whole log to standard error. To be called before the first logger is made; a later
   * call replaces what was set up.
   *
   * @param log what is logged; Netty and the AWS SDK log WARN and above at most
   */
  public static void configure(Config.Log log) {
    // SLF4J then loads this provider without searching the class path for one.
    System.setProperty(LoggerFactory.PROVIDER_PROPERTY_KEY, LogbackProvider.class.getName());
    System.setProperty("slf4j.internal.verbosity", "WARN"); // else it prints the provider's name
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    configure(context, log, new FileOutputStream(FileDescriptor.err));
  }

  static void configure(LoggerContext context, Config.Log log, OutputStream destination) {
    context.reset();
    Encoder<ILoggingEvent> encoder =
        switch (log.format()) {
          case TEXT -> textEncoder();
          case JSON -> jsonEncoder();
        };
    encoder.setContext(context);
    encoder.start();
    OutputStreamAppender<ILoggingEvent> appender = new OutputStreamAppender<>();
    appender.setContext(context);
    appender.setEncoder(encoder);
    appender.setOutputStream(destination);
    appender.start();
    Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    Level least = Level.convertAnSLF4JLevel(log.level());
    root.setLevel(least);
    root.addAppender(appender);
    Level quiet = least == Level.ERROR ? Level.ERROR : Level.WARN;
    NOISY_LOGGERS.forEach(name -> context.getLogger(name).setLevel(quiet));
    context.getLogger(PROMISES).setLevel(Level.ERROR);
    context.getLogger(TLS).setLevel(Level.ERROR);
    context.getLogger(TUNNELS).setLevel(Level.OFF);
  }

  private static Encoder<ILoggingEvent> textEncoder() {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setCharset(StandardCharsets.UTF_8);
    encoder.setPattern(PATTERN);
    return encoder;
  }

  private static Encoder<ILoggingEvent> jsonEncoder() {
    JsonEncoder encoder = new JsonEncoder();
    encoder.setWithSequenceNumber(false);
    encoder.setWithNanoseconds(false);
    encoder.setWithContext(false);
    encoder.setWithMessage(false);
    encoder.setWithArguments(false);
    encoder.setWithFormattedMessage(true);
    return encoder;
  }
}
