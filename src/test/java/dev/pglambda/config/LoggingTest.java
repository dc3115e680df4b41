package dev.pglambda.config;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.event.Level;

class LoggingTest {
  private final LogbackProvider provider = new LogbackProvider();
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();

  private Logger logger(String name, Level level, LogFormat format) {
    provider.initialize();
    LoggerContext context = (LoggerContext) provider.getLoggerFactory();
    Logging.configure(context, new Config.Log(level, format, null), written);
    return context.getLogger(name);
  }

  private List<String> lines() {
    return written.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @Test
  void writesTimeLevelAndMessageOnOneLine() {
    logger("dev.pglambda.relay.Session", Level.INFO, LogFormat.TEXT).info("ünï {}", 1);

    assertThat(lines()).hasSize(1);
    assertThat(lines().get(0))
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z INFO  ünï 1");
  }

  @Test
  void indentsFurtherLinesSoThatNoMessageCanForgeAnEvent() {
    logger("x", Level.INFO, LogFormat.TEXT).info("a\r\n2026-01-01T00:00:00.000Z ERROR b\rc");

    assertThat(lines()).hasSize(2);
    assertThat(lines().get(1)).isEqualTo("    2026-01-01T00:00:00.000Z ERROR b c");
  }

  @Test
  void writesAStackTraceBelowTheMessage() {
    logger("x", Level.INFO, LogFormat.TEXT).warn("failed", new IllegalStateException("why"));

    assertThat(lines().get(0)).endsWith("WARN  failed");
    assertThat(lines().get(1)).isEqualTo("    java.lang.IllegalStateException: why");
    assertThat(lines().get(2)).contains("at dev.pglambda.config.LoggingTest");
  }

  @Test
  void writesOneJsonObjectALine() throws Exception {
    Logger logger = logger("x.Y", Level.INFO, LogFormat.JSON);

    logger.info("first \"{}\"\nline", 1);
    logger.error("second", new IllegalStateException("why"));

    assertThat(lines()).hasSize(2);
    ObjectMapper mapper = new ObjectMapper();
    JsonNode first = mapper.readTree(lines().get(0));
    assertThat(first.get("level").asText()).isEqualTo("INFO");
    assertThat(first.get("loggerName").asText()).isEqualTo("x.Y");
    assertThat(first.get("formattedMessage").asText()).isEqualTo("first \"1\"\nline");
    assertThat(first.get("timestamp").isNumber()).isTrue();
    assertThat(mapper.readTree(lines().get(1)).get("throwable").get("message").asText())
        .isEqualTo("why");
  }

  @Test
  void dropsWhatIsLessSevere() {
    Logger logger = logger("x", Level.WARN, LogFormat.TEXT);

    logger.info("no");
    logger.warn("yes");

    assertThat(lines()).hasSize(1);
  }

  @Test
  void keepsNettyAndTheAwsSdkQuiet() {
    logger("x", Level.TRACE, LogFormat.TEXT).trace("own");
    LoggerContext context = (LoggerContext) provider.getLoggerFactory();

    for (String name : List.of("io.netty.handler.ssl", "software.amazon.awssdk.core")) {
      context.getLogger(name).info("no");
      context.getLogger(name).warn("yes, {}", name);
    }

    assertThat(lines()).hasSize(3);
    Logging.configure(context, new Config.Log(Level.ERROR, LogFormat.TEXT, null), written);
    context.getLogger("io.netty").warn("no");
    assertThat(lines()).hasSize(3);
  }

  /** The name is that of the class: a test with Netty's own warning would need a slow machine. */
  @Test
  void noPeerCanHaveALineWrittenForEachOfItsConnections() throws Exception {
    logger("x", Level.TRACE, LogFormat.TEXT);
    LoggerContext context = (LoggerContext) provider.getLoggerFactory();
    String name = Class.forName("io.netty.handler.ssl.SslHandler").getName();

    context.getLogger(name).warn("Last write attempt timed out; force-closing the connection.");
    context.getLogger(name).error("yes");

    assertThat(lines()).hasSize(1);
  }

  @Test
  void writesEachEventOnceAfterASecondConfiguration() {
    logger("x", Level.INFO, LogFormat.JSON);
    logger("x", Level.INFO, LogFormat.TEXT).info("once");

    assertThat(lines()).hasSize(1);
    assertThat(lines().get(0)).endsWith("INFO  once");
  }
}
