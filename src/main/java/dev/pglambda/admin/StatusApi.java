package dev.pglambda.admin;

import dev.pglambda.admin.FunctionStatistics.FunctionSummary;
import dev.pglambda.lambda.RouteState;
import dev.pglambda.relay.SessionState;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What there is besides the calls: sessions, functions, the proxy itself. */
final class StatusApi {
  private final AdminSources sources;
  private final FunctionStatistics statistics;
  private final Readiness readiness;

  StatusApi(AdminSources sources, FunctionStatistics statistics, Readiness readiness) {
    this.sources = sources;
    this.statistics = statistics;
    this.readiness = readiness;
  }

  /** Answer of {@code /api/functions}. */
  private record FunctionsAndRoutes(
      List<FunctionSummary> functions, List<RouteState> routes, String others) {}

  /** Answer of {@code /api/status}. */
  private record ProxyStatus(
      String version,
      Instant startedAt,
      long journalBytes,
      long journalMaxBytes,
      boolean keepsPayloads,
      int clears,
      boolean ready,
      boolean draining) {}

  /** Answer of {@code /health/ready}. */
  private record HealthStatus(String status, HealthChecks checks) {}

  private record HealthChecks(String server, boolean draining, String callback) {}

  HttpAnswer sessions() {
    List<SessionState> sessions = sources.sessions().get();
    return ok(Map.of("sessions", sessions));
  }

  HttpAnswer functions() {
    return ok(
        new FunctionsAndRoutes(statistics.summaries(), sources.routes().get(), sources.others()));
  }

  /** With a count of how often calls were forgotten. */
  CompletionStage<@Nullable HttpAnswer> status(int clears) {
    return readiness
        .isServerReachable()
        .thenApply(
            reachable -> {
              boolean draining = sources.draining().getAsBoolean();
              return ok(
                  new ProxyStatus(
                      sources.version(),
                      sources.startedAt(),
                      sources.journal().bytes(),
                      sources.journalMaxBytes(),
                      sources.journal().keepsPayloads(),
                      clears,
                      reachable && !draining,
                      draining));
            });
  }

  HttpAnswer live() {
    return ok(Map.of("status", "live"));
  }

  /** The way back does not count: sessions work without it, and direct calls do. */
  CompletionStage<@Nullable HttpAnswer> ready() {
    return readiness
        .isServerReachable()
        .thenApply(
            reachable -> {
              boolean draining = sources.draining().getAsBoolean();
              boolean isReady = reachable && !draining;
              return HttpAnswer.json(
                  isReady ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE,
                  new HealthStatus(
                      isReady ? "ready" : "not ready",
                      new HealthChecks(
                          reachable ? "reachable" : "unreachable",
                          draining,
                          sources.callback().get())));
            });
  }

  /** The document of the API. */
  HttpAnswer openApi() {
    try (InputStream in =
        Objects.requireNonNull(StatusApi.class.getResourceAsStream("openapi.json"))) {
      return HttpAnswer.of(HttpResponseStatus.OK, HttpAnswer.JSON_TYPE, in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static HttpAnswer ok(Object value) {
    return HttpAnswer.json(HttpResponseStatus.OK, value);
  }
}
