package dev.pglambda.admin;

import dev.pglambda.journal.JournalEntry.Ending;
import dev.pglambda.journal.JournalFilter;
import dev.pglambda.journal.Outcome;
import dev.pglambda.lambda.RouteState;
import dev.pglambda.protocol.RefusalCounts;
import dev.pglambda.protocol.RefusalReason;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.internal.PlatformDependent;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.DoubleSupplier;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * What Prometheus may ask for. Calls may be counted on any thread; the rest is read when it is
 * asked for.
 */
final class Metrics {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final JournalFilter PENDING =
      new JournalFilter(null, null, Outcome.PENDING, null, null, null, null);

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.builder().build();
  private final Counter invocations =
      counter("pglambda_invocations_total", "Calls that have ended.", "function", "outcome");
  private final Counter eventFailures =
      counter(
          "pglambda_event_failures_total",
          "Events that were accepted and have failed later.",
          "function");
  private final Counter requestBytes =
      counter("pglambda_request_bytes_total", "Bytes of the payloads of these calls.");
  private final Counter responseBytes =
      counter("pglambda_response_bytes_total", "Bytes of their answers.");
  private final Histogram durations =
      Histogram.builder()
          .name("pglambda_invocation_duration_seconds")
          .help("From a call's arrival to its answer.")
          .labelNames("function")
          .classicOnly()
          .classicUpperBounds(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 900)
          .withoutExemplars()
          .register(registry);
  private final Histogram lag =
      Histogram.builder()
          .name("pglambda_event_loop_lag_seconds")
          .help("By how much the event loops that relay are late, once a second each.")
          .classicOnly()
          .classicUpperBounds(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3)
          .withoutExemplars()
          .register(registry);

  Metrics(AdminSources sources) {
    gauge(
        "pglambda_invocations_in_progress",
        "Calls that Lambda was asked for and that have not ended.",
        () -> sources.journal().find(PENDING, Integer.MAX_VALUE).size());
    refusals(
        "pglambda_refused_clients_total",
        "Clients that were refused before a session was theirs.",
        sources.refusedClients());
    refusals(
        "pglambda_refused_callbacks_total",
        "Connections of the server's that were refused before they could call.",
        sources.refusedCallbacks());
    gauge("pglambda_sessions", "Clients.", () -> sources.sessions().get().size());
    gauge(
        "pglambda_direct_memory_bytes",
        "Memory outside of the heap that Netty has.",
        Metrics::directMemory);
    gauge(
        "pglambda_held_memory_bytes",
        "What is held for sessions, and counts for --max-memory.",
        () -> sources.memory().used());
    gauge(
        "pglambda_journal_bytes",
        "What is kept of calls, and counts for --journal-size.",
        () -> sources.journal().bytes());
    ofRoutes("processes", "Processes of a route's function.", RouteState::processes, sources);
    ofRoutes("busy", "Those of them that work.", RouteState::busy, sources);
    ofRoutes("queued", "Calls that wait for one.", RouteState::queued, sources);
  }

  /** Netty does not count what the JVM lets it not free itself; its pool is most of that. */
  private static double directMemory() {
    long counted = PlatformDependent.usedDirectMemory();
    return counted < 0 ? PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory() : counted;
  }

  private Counter counter(String name, String help, String... labels) {
    return Counter.builder()
        .name(name)
        .help(help)
        .labelNames(labels)
        .withoutExemplars()
        .register(registry);
  }

  private void gauge(String name, String help, DoubleSupplier value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(gauge -> gauge.call(value.getAsDouble()))
        .register(registry);
  }

  private void refusals(String name, String help, RefusalCounts counts) {
    CounterWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("reason")
        .callback(
            counter -> {
              for (RefusalReason reason : RefusalReason.values()) {
                counter.call((double) counts.of(reason), reason.label());
              }
            })
        .register(registry);
  }

  private void ofRoutes(
      String name, String help, ToIntFunction<RouteState> value, AdminSources sources) {
    GaugeWithCallback.builder()
        .name("pglambda_route_" + name)
        .help(help)
        .labelNames("route")
        .callback(
            gauge ->
                sources.routes().get().stream()
                    .collect(Collectors.toMap(RouteState::pattern, value::applyAsInt, Integer::sum))
                    .forEach((pattern, number) -> gauge.call(number, pattern)))
        .register(registry);
  }

  void ended(String function, int bytes, Ending ending) {
    invocations.labelValues(function, ending.outcome().label()).inc();
    durations.labelValues(function).observe(ending.total().toNanos() / NANOS_PER_SECOND);
    requestBytes.inc(bytes);
    responseBytes.inc(ending.responseBytes());
  }

  void eventFailed(String function) {
    eventFailures.labelValues(function).inc();
  }

  void eventLoopWasLate(double seconds) {
    lag.observe(seconds);
  }

  HttpAnswer answer() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      writer.write(out, registry.scrape(), EscapingScheme.DEFAULT);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return HttpAnswer.of(
        HttpResponseStatus.OK, PrometheusTextFormatWriter.CONTENT_TYPE, out.toByteArray());
  }
}
