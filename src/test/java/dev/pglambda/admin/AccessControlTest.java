package dev.pglambda.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.Password;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.net.URLEncoder;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccessControlTest {
  private static final String TOKEN = "correct horse & battery staple";
  private static final String CLIENT = "192.0.2.1";
  private static final int FAILED_LOGINS = 3;

  private final AtomicLong now = new AtomicLong();
  private final AccessControl open = new AccessControl(null, "127.0.0.1", 3, now::get);
  private final AccessControl closed =
      new AccessControl(new Password(TOKEN), "0.0.0.0", FAILED_LOGINS, now::get);

  private static HttpRequest request(HttpMethod method, String path, String... headers) {
    HttpRequest request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, method, path);
    request.headers().set("Host", "127.0.0.1:5480");
    for (int i = 0; i < headers.length; i += 2) {
      request.headers().add(headers[i], headers[i + 1]);
    }
    return request;
  }

  /** 200: it is served. */
  private static int status(AccessControl access, HttpRequest request) {
    return status(access.refusal(request, CLIENT));
  }

  private static int status(@Nullable HttpAnswer refusal) {
    return refusal == null ? 200 : refusal.status().code();
  }

  private HttpAnswer refusal(HttpRequest request) {
    return Objects.requireNonNull(closed.refusal(request, CLIENT));
  }

  @ParameterizedTest
  @CsvSource({
    "localhost, 200",
    "LOCALHOST:5480, 200",
    "127.0.0.1, 200",
    "127.8.9.10:99, 200",
    "'[::1]:5480', 200",
    "evil.example, 403",
    "localhost.evil.example:5480, 403",
    "127.0.0.1.evil.example, 403",
    "192.168.0.1, 403",
    "127.0.0.1:5480@evil.example, 403",
    "127.1, 403",
    "'[::1', 403",
    "'[fe80::1]', 403",
    "'', 403"
  })
  void servesNoNameThatAnotherSiteCanHaveMadeUp(String host, int status) {
    HttpRequest request = request(HttpMethod.GET, "/api/invocations");
    request.headers().set("Host", host);

    assertThat(status(open, request)).isEqualTo(status);
  }

  @Test
  void servesTheNameThatTheUserListensOn() {
    HttpRequest request = request(HttpMethod.GET, "/api/invocations");
    request.headers().set("Host", "proxy.internal:5480");

    assertThat(status(new AccessControl(null, "proxy.internal", 3, now::get), request))
        .isEqualTo(200);
  }

  @Test
  void servesNoRequestWithoutAHostOrWithTwo() {
    HttpRequest without = request(HttpMethod.GET, "/");
    without.headers().remove("Host");

    assertThat(status(open, without)).isEqualTo(403);
    assertThat(status(open, request(HttpMethod.GET, "/", "Host", "localhost"))).isEqualTo(403);
  }

  @ParameterizedTest
  @CsvSource({"/health/live, 200", "/health/ready, 200", "/health/x, 403", "/metrics, 403"})
  void tellsItsHealthToAProbeThatNamesNoHost(String path, int status) {
    HttpRequest probe = request(HttpMethod.GET, path);
    probe.headers().remove("Host");

    assertThat(status(open, probe)).isEqualTo(status);
    assertThat(status(closed, probe)).isEqualTo(status);
  }

  @ParameterizedTest
  @CsvSource({
    "Origin, http://127.0.0.1:5480, 200",
    "Origin, https://127.0.0.1:5480, 200",
    "Origin, http://127.0.0.1:8080, 403",
    "Origin, http://evil.example, 403",
    "Origin, null, 403",
    "Sec-Fetch-Site, same-origin, 200",
    "Sec-Fetch-Site, none, 200",
    "Sec-Fetch-Site, same-site, 403",
    "Sec-Fetch-Site, cross-site, 403"
  })
  void letsNoOtherSiteChangeAnything(String header, String value, int status) {
    assertThat(status(open, request(HttpMethod.POST, "/api/invocations/1/replay", header, value)))
        .isEqualTo(status);
    assertThat(status(open, request(HttpMethod.DELETE, "/api/invocations", header, value)))
        .isEqualTo(status);
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /, cross-site, navigate, 200",
    "GET, /login, same-site, navigate, 200",
    "HEAD, /, cross-site, navigate, 200",
    "GET, /, cross-site, no-cors, 403",
    "POST, /login, cross-site, navigate, 403",
    "GET, /api/invocations?text=x, cross-site, no-cors, 403",
    "GET, /api/invocations?text=x, same-site, cors, 403",
    "GET, /api/invocations/1, cross-site, navigate, 403",
    "GET, /api/events, same-site, cors, 403",
    "GET, /metrics, cross-site, no-cors, 403",
    "GET, /style.css, cross-site, no-cors, 403",
    "GET, /api/invocations, same-origin, cors, 200"
  })
  void letsOtherSitesLinkToThePageAndNothingElse(
      String method, String path, String site, String mode, int status) {
    HttpRequest request =
        request(HttpMethod.valueOf(method), path, "Sec-Fetch-Site", site, "Sec-Fetch-Mode", mode);

    assertThat(status(open, request)).isEqualTo(status);
  }

  @Test
  void readsNothingToAPageOfAnotherOrigin() {
    HttpRequest request =
        request(HttpMethod.GET, "/api/invocations", "Origin", "http://127.0.0.1:8080");

    assertThat(status(open, request)).isEqualTo(403);
  }

  @Test
  void letsNoOtherSiteLogSomebodyIn() {
    HttpRequest login = request(HttpMethod.POST, "/login", "Origin", "http://evil.example");

    assertThat(status(closed, login)).isEqualTo(403);
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /api/invocations, 401",
    "GET, /metrics, 401",
    "DELETE, /api/invocations, 401",
    "GET, /, 401",
    "GET, /nothing, 401",
    "GET, /health/live, 200",
    "GET, /health/ready, 200",
    "POST, /health/x/replay, 401",
    "GET, /login, 200",
    "GET, /style.css, 200"
  })
  void asksForTheTokenButWhereNothingIsTold(String method, String path, int status) {
    assertThat(status(closed, request(HttpMethod.valueOf(method), path))).isEqualTo(status);
  }

  @Test
  void servesWhoShowsTheTokenUnderAnyName() {
    HttpRequest request = request(HttpMethod.GET, "/metrics", "Authorization", "Bearer " + TOKEN);
    request.headers().set("Host", "proxy.example.com");

    assertThat(status(closed, request)).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bearer wrong", "Bearer ", "Bearer", "Basic dXNlcjpwYXNz"})
  void servesNobodyWhoShowsSomethingElse(String authorization) {
    HttpRequest request = request(HttpMethod.GET, "/metrics", "Authorization", authorization);

    assertThat(status(closed, request)).isEqualTo(401);
  }

  @Test
  void leadsABrowserToTheForm() {
    HttpRequest request = request(HttpMethod.GET, "/", "Accept", "text/html,*/*");

    assertThat(status(closed, request)).isEqualTo(303);
    assertThat(refusal(request).header("location")).isEqualTo("/login");
  }

  @Test
  void tellsAProgramHowToShowTheToken() {
    assertThat(refusal(request(HttpMethod.GET, "/metrics")).header("www-authenticate"))
        .isEqualTo("Bearer");
  }

  @Test
  void givesABrowserACookieThatIsNotTheTokenForTwelveHours() {
    HttpAnswer answer = closed.login(TOKEN, CLIENT);

    String cookie = answer.header("set-cookie");
    assertThat(cookie)
        .matches(
            "pglambda_admin_[0-9a-f]{8}=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict;"
                + " Max-Age=43200")
        .doesNotContain(TOKEN);
    HttpRequest next =
        request(HttpMethod.GET, "/", "Cookie", "theme=dark; " + cookie.split(";", 2)[0]);
    now.set(Duration.ofHours(12).toNanos() - 1);
    assertThat(status(closed, next)).isEqualTo(200);
    now.set(Duration.ofHours(12).toNanos());
    assertThat(status(closed, next)).isEqualTo(401);
  }

  @ParameterizedTest
  @ValueSource(strings = {"%s=", "%s=" + TOKEN, "%s", ";;="})
  void servesNoCookieThatItHasNotGiven(String cookie) {
    String name = closed.login(TOKEN, CLIENT).header("set-cookie").split("=", 2)[0];

    assertThat(
            status(closed, request(HttpMethod.GET, "/metrics", "Cookie", cookie.formatted(name))))
        .isEqualTo(401);
  }

  @Test
  void leavesTheCookieOfAnotherProxyOnThisMachineAlone() {
    AccessControl other =
        new AccessControl(new Password(TOKEN), "0.0.0.0", FAILED_LOGINS, now::get);

    String mine = closed.login(TOKEN, CLIENT).header("set-cookie").split(";", 2)[0];
    String others = other.login(TOKEN, CLIENT).header("set-cookie").split(";", 2)[0];

    assertThat(mine.split("=", 2)[0]).isNotEqualTo(others.split("=", 2)[0]);
    HttpRequest both = request(HttpMethod.GET, "/", "Cookie", mine + "; " + others);
    assertThat(status(closed, both)).isEqualTo(200);
    assertThat(status(other, both)).isEqualTo(200);
  }

  @Test
  void forgetsTheOldestOfAThousandLogins() {
    String first = closed.login(TOKEN, CLIENT).header("set-cookie").split(";", 2)[0];
    for (int i = 0; i < 1000; i++) {
      closed.login(TOKEN, CLIENT);
    }

    assertThat(status(closed, request(HttpMethod.GET, "/metrics", "Cookie", first))).isEqualTo(401);
  }

  @Test
  void letsAnAddressGuessAFewTimesAMinute() {
    HttpRequest right = request(HttpMethod.GET, "/metrics", "Authorization", "Bearer " + TOKEN);
    assertThat(closed.login("guess", CLIENT).header("location")).isEqualTo("/login?failed#failed");
    closed.login("guess", CLIENT);
    closed.refusal(request(HttpMethod.GET, "/", "Authorization", "Bearer guess"), CLIENT);

    assertThat(status(closed, right)).isEqualTo(429);
    assertThat(status(closed.login(TOKEN, CLIENT))).isEqualTo(429);
    assertThat(status(closed.login(TOKEN, "192.0.2.2"))).isEqualTo(303);
    now.set(Duration.ofMinutes(1).toNanos());
    assertThat(status(closed, right)).isEqualTo(200);
  }

  @Test
  void logsInByTheFormOverHttp() throws Exception {
    try (AdminStage stage = new AdminStage(AdminStage.Setup.withToken())) {
      String form = "token=" + URLEncoder.encode(AdminStage.TOKEN, UTF_8);

      String cookie = stage.post("/login", form).headers().firstValue("set-cookie").orElseThrow();

      assertThat(stage.post("/login", "token=wrong").headers().firstValue("location"))
          .contains("/login?failed#failed");
      assertThat(stage.post("/login", "token=%").statusCode()).isEqualTo(400);
      assertThat(stage.get("/api/status").statusCode()).isEqualTo(401);
      assertThat(
              stage
                  .send(stage.request("/api/status").header("Cookie", cookie.split(";", 2)[0]))
                  .statusCode())
          .isEqualTo(HttpResponseStatus.OK.code());
    }
  }
}
