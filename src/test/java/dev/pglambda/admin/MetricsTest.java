package dev.pglambda.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.admin.AdminStage.Setup;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.testing.Awaiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MetricsTest {
  private static final Pattern TYPE = Pattern.compile("(?m)^# TYPE (\\w+) (\\w+)$");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `(pglambda_\\w+)` \\| (\\w+) \\|");
  private static final Pattern NAME = Pattern.compile("pglambda_\\w+");

  /** A line of Prometheus' text format, but for its escapes in label values. */
  private static final Pattern SAMPLE =
      Pattern.compile(
          "[a-z_]+(\\{[a-z]+=\"([^\"\\\\]|\\\\.)*\"(,[a-z]+=\"([^\"\\\\]|\\\\.)*\")*\\})?"
              + " [0-9.E+-]+");

  private AdminStage stage;

  @BeforeEach
  void start() throws Exception {
    stage = new AdminStage(Setup.DEFAULT);
  }

  @AfterEach
  void close() throws Exception {
    stage.close();
  }

  private String metrics() throws Exception {
    return stage.get("/metrics").body();
  }

  @Test
  void countsCallsByFunctionAndOutcome() throws Exception {
    stage.call("notify-order", "{}");
    stage.call("notify-order", "{}");
    stage.answer = AdminStage.failing();
    stage.call("notify-order", "{}");
    stage.answer = new CompletableFuture<InvocationResult>();
    stage.call("slow", "{}");

    assertThat(metrics().lines())
        .contains(
            "pglambda_invocations_total{function=\"notify-order\",outcome=\"ok\"} 2.0",
            "pglambda_invocations_total{function=\"notify-order\",outcome=\"function_error\"} 1.0",
            "pglambda_invocation_duration_seconds_count{function=\"notify-order\"} 3",
            "pglambda_invocations_in_progress 1.0",
            "pglambda_request_bytes_total 6.0",
            "pglambda_response_bytes_total 52.0",
            "pglambda_sessions 1.0",
            "pglambda_route_processes{route=\"order-*\"} 2.0",
            "pglambda_route_busy{route=\"order-*\"} 1.0",
            "pglambda_route_queued{route=\"order-*\"} 3.0");
  }

  /** An Event whose run fails behind the call. */
  private void callEventThatFailsLater() throws Exception {
    stage.answer =
        CompletableFuture.completedFuture(InvocationResult.ofEvent(AdminStage.failing()));
    stage.call("notify-order", "{}");
  }

  @Test
  void countsAnEventThatFailsLaterAsOneCallThatHasFailed() throws Exception {
    callEventThatFailsLater();

    assertThat(metrics().lines())
        .contains(
            "pglambda_invocations_total{function=\"notify-order\",outcome=\"ok\"} 1.0",
            "pglambda_event_failures_total{function=\"notify-order\"} 1.0",
            "pglambda_invocation_duration_seconds_count{function=\"notify-order\"} 1")
        .noneMatch(line -> line.contains("function_error"));
    JsonNode function = stage.json("/api/functions").get("functions").get(0);
    assertThat(function.get("calls").asInt()).isEqualTo(1);
    assertThat(function.get("failures").asInt()).isEqualTo(1);
  }

  @Test
  void countsRefusalsByReasonFromZeroOn() throws Exception {
    stage.refusedClients.count("53300");
    stage.refusedClients.count("53300");
    stage.refusedClients.count("57P03");
    stage.refusedCallbacks.count("28P01");
    stage.refusedCallbacks.count("57014");
    stage.refusedCallbacks.count("0A000");

    assertThat(metrics().lines())
        .contains(
            "pglambda_refused_clients_total{reason=\"too_many\"} 2.0",
            "pglambda_refused_clients_total{reason=\"shutting_down\"} 1.0",
            "pglambda_refused_clients_total{reason=\"not_allowed\"} 0.0",
            "pglambda_refused_callbacks_total{reason=\"not_allowed\"} 1.0",
            "pglambda_refused_callbacks_total{reason=\"too_slow\"} 1.0",
            "pglambda_refused_callbacks_total{reason=\"other\"} 1.0",
            "pglambda_refused_callbacks_total{reason=\"protocol_violation\"} 0.0");
  }

  @Test
  void measuresHowLateTheEventLoopsAre() {
    Awaiting.await("each loop is measured once a second")
        .until(() -> !metrics().contains("pglambda_event_loop_lag_seconds_count 0"));
  }

  @Test
  void isPrometheusTextWhateverAFunctionIsCalled() throws Exception {
    stage.call("a\"} 1\nb\\{", "{}");
    stage.call("\uD800", "{}");

    List<String> samples = metrics().lines().filter(line -> !line.startsWith("#")).toList();

    assertThat(samples).isNotEmpty().allMatch(line -> SAMPLE.matcher(line).matches());
  }

  @Test
  void tellsAThousandFunctionsApartAndCountsTheOthersTogether() throws Exception {
    for (int i = 0; i < 1005; i++) {
      stage.call("f" + i, "{}");
    }

    assertThat(metrics())
        .contains("{function=\"f999\",outcome=\"ok\"} 1.0")
        .contains("{function=\"(others)\",outcome=\"ok\"} 5.0");
    assertThat(stage.json("/api/functions").get("functions")).hasSize(1001);
  }

  @Test
  void leavesRoomForFunctionsThatAreThereWhateverNamesAreMadeUp() throws Exception {
    stage.answer = CompletableFuture.failedFuture(new IllegalStateException("no such function"));
    for (int i = 0; i < 1005; i++) {
      stage.call("invented" + i, "{}");
    }
    stage.answer = AdminStage.answering("{}");
    stage.call("notify-order", "{}");
    stage.answer = AdminStage.failing();
    stage.call("charge-card", "{}");

    assertThat(metrics())
        .contains("{function=\"invented499\",outcome=\"error\"} 1.0")
        .contains("{function=\"(others)\",outcome=\"error\"} 505.0")
        .contains("{function=\"notify-order\",outcome=\"ok\"} 1.0")
        .contains("{function=\"charge-card\",outcome=\"function_error\"} 1.0");
  }

  @Test
  void describesEachMetricAndNoOther() throws Exception {
    callEventThatFailsLater();

    assertThat(types(TYPE, metrics()))
        .isNotEmpty()
        .isEqualTo(types(ROW, Files.readString(Path.of("docs/observing.md"))));
  }

  private static Map<String, String> types(Pattern pattern, String text) {
    return pattern
        .matcher(text)
        .results()
        .collect(
            Collectors.toMap(
                each -> each.group(1), each -> each.group(2), (a, b) -> b, TreeMap::new));
  }

  @Test
  void hasEachMetricThatTheDashboardShows() throws Exception {
    stage.call("notify-order", "{}");
    JsonNode dashboard =
        new ObjectMapper().readTree(Path.of("docs/grafana-dashboard.json").toFile());
    List<String> series =
        metrics().lines().filter(line -> !line.startsWith("#")).map(MetricsTest::name).toList();

    List<String> expressions = dashboard.findValuesAsText("expr");

    assertThat(expressions).hasSizeGreaterThan(10);
    assertThat(expressions)
        .allSatisfy(
            expression -> {
              Matcher names = NAME.matcher(expression);
              assertThat(names.results().map(each -> each.group()).toList())
                  .isNotEmpty()
                  .isSubsetOf(series);
            });
  }

  private static String name(String sample) {
    return sample.split("[{ ]", 2)[0];
  }

  @Test
  void summarisesEachFunction() throws IOException, InterruptedException {
    stage.call("notify-order", "{}");
    stage.answer = AdminStage.failing();
    stage.call("notify-order", "{}");
    stage.call("charge-card", "{}");
    stage.send(stage.request("/api/invocations").DELETE());

    JsonNode functions = stage.json("/api/functions").get("functions");

    assertThat(functions.findValuesAsText("name")).containsExactly("notify-order", "charge-card");
    JsonNode first = functions.get(0);
    assertThat(first.get("error_rate").asDouble()).isEqualTo(0.5);
    assertThat(first.get("p50_ms").asDouble()).isPositive();
    assertThat(first.get("minutes")).hasSize(15);
    assertThat(first.at("/minutes").findValues("failures").stream().mapToInt(JsonNode::asInt).sum())
        .isEqualTo(1);
  }
}
