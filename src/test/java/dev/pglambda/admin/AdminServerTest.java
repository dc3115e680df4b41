package dev.pglambda.admin;

import static dev.pglambda.testing.Awaiting.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.admin.AdminStage.Setup;
import dev.pglambda.config.Config;
import dev.pglambda.config.HostAndPort;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdminServerTest {
  private static final int CONNECTIONS = 100;
  private static final String GET = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
  private static final int CLOSED = -1;
  private static final int WAITING_SEARCHES = 16;

  private AdminStage stage;

  @BeforeEach
  void start() throws Exception {
    stage = new AdminStage(Setup.DEFAULT);
  }

  /** One that does not wait for its clients for long. */
  private static AdminStage impatient() throws Exception {
    AdminLimits usual = AdminLimits.DEFAULT;
    return new AdminStage(
        Setup.with(
            new AdminLimits(
                usual.connections(),
                usual.eventStreams(),
                usual.eventBytes(),
                Duration.ofMillis(200),
                Duration.ofMillis(400),
                usual.heartbeat(),
                usual.failedLogins())));
  }

  @AfterEach
  void close() throws Exception {
    stage.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/nothing",
        "/api/invocations/",
        "/api/invocations/x",
        "/api/invocations/-1",
        "/api/invocations/1/2",
        "/api/invocations/99999999999999999999",
        "//",
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/page/index.html",
        "/index.html",
        "/openapi.json",
        "/style.css/..%2fopenapi.json",
        "http://localhost/health/live",
        "*",
        "/%"
      })
  void knowsNoOtherPath(String path) throws IOException {
    assertThat(stage.raw(path, "Host: localhost")).startsWith("HTTP/1.1 404 ");
  }

  @ParameterizedTest
  @CsvSource({
    "POST, /api/invocations, 'DELETE, GET, HEAD'",
    "DELETE, /api/invocations/1, 'GET, HEAD'",
    "GET, /api/invocations/1/replay, POST",
    "PUT, /, 'GET, HEAD'",
    "OPTIONS, /api/status, 'GET, HEAD'",
    "BREW, /metrics, 'GET, HEAD'"
  })
  void saysWhichMethodsAPathHas(String method, String path, String allowed) throws Exception {
    HttpResponse<String> response =
        stage.send(stage.request(path).method(method, HttpRequest.BodyPublishers.noBody()));

    assertThat(response.statusCode()).isEqualTo(405);
    assertThat(response.headers().firstValue("allow")).contains(allowed);
    assertThat(response.headers().firstValue("content-type")).contains("application/json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/api/invocations", "/api/events", "/metrics", "/health/ready"})
  void answersHeadAsGetWithoutABody(String path) throws Exception {
    String response =
        stage.raw("HEAD " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

    assertThat(response).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\n");
    assertThat(response.indexOf("\r\n\r\n")).isEqualTo(response.length() - 4);
  }

  @ParameterizedTest
  @CsvSource({
    "'NO HTTP AT ALL\r\n\r\n', 400",
    "'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n', 400",
    "'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400",
    "'GET / HTTP/1.1\r\nHost: localhost\r\nA\u0001b: c\r\n\r\n', 400",
    "'POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nx', 411",
    "'POST /api/invocations/1/replay HTTP/1.1\r\nHost: localhost\r\n"
        + "Transfer-Encoding: chunked\r\n\r\nx\r\n', 400"
  })
  void refusesWhatIsNotHttp(String bytes, int status) throws IOException {
    assertThat(stage.raw(bytes)).startsWith("HTTP/1.1 " + status + " ").contains("{\"error\":");
  }

  @Test
  void refusesHeadsThatAreTooLong() throws IOException {
    assertThat(stage.raw("/" + "x".repeat(9000), "Host: localhost")).startsWith("HTTP/1.1 414 ");
    assertThat(stage.raw("/", "Host: localhost", "A: " + "x".repeat(20_000)))
        .startsWith("HTTP/1.1 431 ");
  }

  @Test
  void refusesABodyThatIsTooLargeBeforeItIsSent() throws Exception {
    int most = 8 << 20;
    String response =
        stage.raw(
            "POST /api/invocations/1/replay HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
                .formatted(most + 1));

    assertThat(response).startsWith("HTTP/1.1 413 ");
    assertThat(stage.post("/api/invocations/1/replay", "x".repeat(most + 1)).statusCode())
        .isEqualTo(413);
    assertThat(stage.post("/login", "x".repeat(5000)).statusCode()).isEqualTo(413);
  }

  @ParameterizedTest
  @CsvSource({
    "POST, /health/x/replay",
    "POST, /api/invocations/x/replay",
    "POST, /replay",
    "DELETE, /api/invocations/1/replay"
  })
  void readsALongBodyOfAReplayOnly(String method, String path) throws Exception {
    String head = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n";

    assertThat(stage.raw(head + "Content-Length: 4097\r\n\r\n")).startsWith("HTTP/1.1 413 ");
    assertThat(stage.raw(head + "Transfer-Encoding: chunked\r\n\r\n")).startsWith("HTTP/1.1 411 ");
  }

  @Test
  void readsAChunkedBodyUpToTheSameSize() throws Exception {
    stage.call("notify-order", "{}");
    byte[] large = new byte[9 << 20];

    assertThat(replayChunked("{\"payload\": \"1\"}".getBytes(UTF_8)).statusCode()).isEqualTo(200);
    assertThat(replayChunked(large).statusCode()).isEqualTo(413);
  }

  private HttpResponse<String> replayChunked(byte[] body) throws Exception {
    return stage.send(
        stage
            .request("/api/invocations/1/replay")
            .POST(HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body))));
  }

  @Test
  void keepsAConnectionForTheNextRequest() throws IOException {
    try (Socket client = stage.connect()) {
      for (int i = 0; i < 3; i++) {
        client.getOutputStream().write(GET.getBytes(UTF_8));
        assertThat(readAnswer(client.getInputStream())).startsWith("HTTP/1.1 200 ");
      }
    }
  }

  private static String readAnswer(InputStream in) throws IOException {
    StringBuilder answer = new StringBuilder();
    while (!answer.toString().endsWith("}")) {
      answer.append((char) in.read());
    }
    return answer.toString();
  }

  @Test
  void closesAConnectionThatSendsItsRequestTooSlowly() throws Exception {
    try (AdminStage impatient = impatient();
        Socket client = impatient.connect()) {
      client.getOutputStream().write("GET / HTTP/1.1\r\nHost: loc".getBytes(UTF_8));

      assertThat(client.getInputStream().read()).isEqualTo(CLOSED);
    }
  }

  @Test
  void closesAConnectionThatSendsNothingMore() throws Exception {
    try (AdminStage impatient = impatient();
        Socket client = impatient.connect()) {
      client.getOutputStream().write(GET.getBytes(UTF_8));
      readAnswer(client.getInputStream());

      assertThat(client.getInputStream().read()).isEqualTo(CLOSED);
    }
  }

  @Test
  void closesAConnectionThatAsksAgainBeforeItHasTheAnswer() throws Exception {
    stage.call("slow", "{}");
    stage.answer = new CompletableFuture<>();

    String response =
        stage.raw(
            "POST /api/invocations/1/replay HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
                + GET);

    assertThat(response).isEmpty();
  }

  @Test
  void closesTheConnectionThatHasWaitedLongestForOneMore() throws Exception {
    List<Socket> clients = new ArrayList<>();
    try {
      for (int i = 0; i < CONNECTIONS; i++) {
        clients.add(stage.connect());
      }
      clients.get(0).getOutputStream().write(GET.getBytes(UTF_8));
      assertThat(readAnswer(clients.get(0).getInputStream())).startsWith("HTTP/1.1 200 ");

      assertThat(stage.raw("/health/live", "Host: localhost")).startsWith("HTTP/1.1 200 ");

      assertThat(clients.get(1).getInputStream().read()).isEqualTo(CLOSED);
      for (Socket other : List.of(clients.get(0), clients.get(2))) {
        other.getOutputStream().write(GET.getBytes(UTF_8));
        assertThat(readAnswer(other.getInputStream())).startsWith("HTTP/1.1 200 ");
      }
    } finally {
      for (Socket each : clients) {
        each.close();
      }
    }
  }

  @Test
  void closesANewConnectionIfAllTheOthersAreBeingAnswered() throws Exception {
    AdminLimits usual = AdminLimits.DEFAULT;
    AdminLimits one =
        new AdminLimits(
            1,
            usual.eventStreams(),
            usual.eventBytes(),
            usual.request(),
            usual.idle(),
            usual.heartbeat(),
            usual.failedLogins());
    try (AdminStage small = new AdminStage(Setup.with(one));
        Socket events = small.connect()) {
      events
          .getOutputStream()
          .write("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(UTF_8));
      assertThat(events.getInputStream().read()).isNotEqualTo(CLOSED);

      try (Socket oneMore = small.connect()) {
        assertThat(oneMore.getInputStream().read()).isEqualTo(CLOSED);
      }
    }
  }

  @Test
  void takesAnotherPortIfTheUserHasNotAskedForTheOneThatIsTaken() throws Exception {
    HostAndPort taken = new HostAndPort("127.0.0.1", stage.port());

    try (AdminServer other =
        AdminServer.start(
            new Config.Admin(taken, false, null), stage.sources(), AdminLimits.DEFAULT)) {
      assertThat(other.address().getPort()).isPositive().isNotEqualTo(stage.port());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/api/status", "/nothing", "/metrics"})
  void letsABrowserDoNothingButWhatThePageNeeds(String path) throws Exception {
    HttpResponse<String> response = stage.get(path);

    assertThat(response.headers().firstValue("content-security-policy").orElseThrow())
        .startsWith("default-src 'none'; script-src 'self';")
        .endsWith("frame-ancestors 'none'")
        .doesNotContain("unsafe");
    assertThat(response.headers().firstValue("x-content-type-options")).contains("nosniff");
    assertThat(response.headers().firstValue("referrer-policy")).contains("no-referrer");
    assertThat(response.headers().firstValue("access-control-allow-origin")).isEmpty();
    assertThat(response.headers().firstValue("cache-control"))
        .contains(path.equals("/") ? "no-cache" : "no-store");
  }

  @Test
  void letsABrowserDoNothingElseWithAnEventStream() throws Exception {
    HttpResponse<InputStream> response =
        stage
            .http()
            .send(stage.request("/api/events").build(), HttpResponse.BodyHandlers.ofInputStream());

    try (InputStream events = response.body()) {
      assertThat(events.read()).isNotEqualTo(CLOSED);
      assertThat(response.headers().firstValue("content-security-policy").orElseThrow())
          .endsWith("frame-ancestors 'none'");
      assertThat(response.headers().firstValue("referrer-policy")).contains("no-referrer");
    }
  }

  @Test
  void servesEachFileOfThePageAndOnlyWhenItHasChanged() throws Exception {
    Path folder = Path.of("src/main/resources/dev/pglambda/admin/page");
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        String path =
            name.equals("index.html") ? "/" : name.equals("login.html") ? "/login" : "/" + name;

        HttpResponse<String> response = stage.get(path);

        assertThat(response.body()).as(name).isEqualTo(Files.readString(file));
        String tag = response.headers().firstValue("etag").orElseThrow();
        assertThat(stage.send(stage.request(path).header("If-None-Match", tag)).statusCode())
            .isEqualTo(304);
      }
    }
  }

  @Test
  void saysThatItIsReadyUntilItDrainsOrTheServerIsGone() throws Exception {
    assertThat(stage.get("/health/live").body()).isEqualTo("{\"status\":\"live\"}");
    HttpResponse<String> ready = stage.get("/health/ready");
    assertThat(ready.statusCode()).isEqualTo(200);
    assertThat(ready.body())
        .isEqualTo(
            "{\"status\":\"ready\",\"checks\":{\"server\":\"reachable\",\"draining\":false,"
                + "\"callback\":\"proven\"}}");

    stage.draining.set(true);

    assertThat(stage.get("/health/ready").statusCode()).isEqualTo(503);
    assertThat(stage.json("/api/status").get("ready").asBoolean()).isFalse();
    assertThat(stage.json("/api/status").get("draining").asBoolean()).isTrue();
  }

  @Test
  void refusesASearchOnceTooManyWaitAndIsReadyStill() throws Exception {
    CountDownLatch busy = new CountDownLatch(1);
    Executor search = stage.server().search();
    try {
      search.execute(() -> awaitUninterruptibly(busy));
      for (int i = 0; i < WAITING_SEARCHES; i++) {
        search.execute(() -> {});
      }

      HttpResponse<String> refused = stage.get("/api/invocations?text=x");

      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.body()).isEqualTo("{\"error\":\"search: too many others are waiting\"}");
      assertThat(stage.get("/health/ready").statusCode()).isEqualTo(200);
      assertThat(stage.get("/api/invocations").statusCode()).isEqualTo(200);
    } finally {
      busy.countDown();
    }
    await("searches are served again")
        .until(() -> stage.get("/api/invocations?text=x").statusCode() == 200);
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void isNotReadyWithoutAServer() throws Exception {
    stage.stopPostgres();

    HttpResponse<String> response = stage.get("/health/ready");

    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(response.body()).contains("\"not ready\"", "\"server\":\"unreachable\"");
  }
}
