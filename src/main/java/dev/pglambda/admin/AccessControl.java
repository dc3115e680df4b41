package dev.pglambda.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.config.Password;
import dev.pglambda.protocol.auth.RandomToken;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.cookie.Cookie;
import io.netty.handler.codec.http.cookie.ServerCookieDecoder;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who may ask: programs that show the token, browsers that have logged in with it, and, where there
 * is none, whoever reaches the address. A page of another site may not, whatever name it has for
 * this address. Used on one thread.
 */
final class AccessControl {
  private static final int COOKIE_BYTES = 4;
  private static final int SESSION_BYTES = 32;
  private static final long SESSION_NANOS = TimeUnit.HOURS.toNanos(12);
  private static final long MINUTE_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final int MOST_KEPT = 1000;
  private static final String BEARER = "Bearer ";
  private static final Pattern AUTHORITY =
      Pattern.compile("(?:\\[([0-9A-Fa-f:.]+)\\]|([A-Za-z0-9._-]+))(?::\\d{1,5})?");
  private static final Set<String> HEALTH = Set.of("/health/live", "/health/ready");
  private static final Set<HttpMethod> SAFE = Set.of(HttpMethod.GET, HttpMethod.HEAD);

  /** Of its own: browsers send a host's cookies to all its ports, and so to other proxies. */
  private final String cookie = "pglambda_admin_" + RandomToken.hex(COOKIE_BYTES);

  /** Hash of the token; null: none is asked for. */
  private final byte @Nullable [] token;

  private final String listenHost;
  private final int failedLogins;
  private final LongSupplier nanoTime;

  /** When each was begun. */
  private final Map<String, Long> sessions = new Recent<>();

  private final Map<String, WrongTokens> failures = new Recent<>();

  /** Keeps the latest. */
  private static final class Recent<V> extends LinkedHashMap<String, V> {
    private static final long serialVersionUID = 1L;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
      return size() > MOST_KEPT;
    }
  }

  /** Wrong tokens of an address within a minute. */
  private record WrongTokens(long since, int count) {}

  /**
   * @param token null: none is asked for
   * @param listenHost where is listened, as the user wrote it
   * @param failedLogins of an address within a minute
   */
  AccessControl(
      @Nullable Password token, String listenHost, int failedLogins, LongSupplier nanoTime) {
    this.token = token == null ? null : hash(token.text());
    this.listenHost = listenHost;
    this.failedLogins = failedLogins;
    this.nanoTime = nanoTime;
  }

  /**
   * Why a request is not served; null: it is.
   *
   * @param client its address; null if it has gone
   */
  @Nullable HttpAnswer refusal(HttpRequest request, @Nullable String client) {
    HttpHeaders headers = request.headers();
    List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
    if (hosts.isEmpty() && HEALTH.contains(RequestRouter.pathOf(request))) {
      return null; // a load balancer's check by HTTP/1.0; a browser always names a host
    }
    if (hosts.size() != 1 || !isOwn(hosts.get(0))) {
      return forbidden(
          "Host: \"%s\" (expected: the address of this machine)".formatted(one(hosts)));
    }
    List<String> origins = headers.getAll(HttpHeaderNames.ORIGIN);
    if (origins.size() > 1 || (origins.size() == 1 && !isOf(hosts.get(0), origins.get(0)))) {
      return forbidden("Origin: \"%s\" (expected: that of the Host)".formatted(one(origins)));
    }
    String site = headers.get("Sec-Fetch-Site", "none");
    if (!site.equals("none") && !site.equals("same-origin") && !opensThePage(request)) {
      return forbidden("Sec-Fetch-Site: \"%s\" (expected: same-origin)".formatted(site));
    }
    return token == null || isPublic(RequestRouter.pathOf(request))
        ? null
        : authenticate(request, token, String.valueOf(client));
  }

  /** A link to the page may be anywhere; it does nothing by itself. */
  private static boolean opensThePage(HttpRequest request) {
    return SAFE.contains(request.method())
        && request.headers().get("Sec-Fetch-Mode", "").equals("navigate")
        && PageFiles.isPage(RequestRouter.pathOf(request));
  }

  private static HttpAnswer forbidden(String message) {
    return HttpAnswer.error(HttpResponseStatus.FORBIDDEN, message);
  }

  private static String one(List<String> values) {
    return String.join(", ", values);
  }

  /** Whether no other site can have made the browser believe that the name is this machine's. */
  private boolean isOwn(String authority) {
    Matcher parts = AUTHORITY.matcher(authority);
    if (!parts.matches()) {
      return false;
    }
    String host = parts.group(1) == null ? parts.group(2) : parts.group(1);
    if (token != null || host.equalsIgnoreCase("localhost") || host.equalsIgnoreCase(listenHost)) {
      return true;
    }
    InetAddress address = NetUtil.createInetAddressFromIpAddressString(host);
    return address != null && address.isLoopbackAddress();
  }

  private static boolean isOf(String host, String origin) {
    return origin.equalsIgnoreCase("http://" + host) || origin.equalsIgnoreCase("https://" + host);
  }

  private static boolean isPublic(String path) {
    return HEALTH.contains(path) || path.equals("/login") || PageFiles.isPublic(path);
  }

  private @Nullable HttpAnswer authenticate(HttpRequest request, byte[] expected, String client) {
    String authorization = request.headers().get(HttpHeaderNames.AUTHORIZATION);
    if (authorization != null && authorization.startsWith(BEARER)) {
      HttpAnswer limited = tooMany(client);
      if (limited != null) {
        return limited;
      }
      if (isRight(authorization.substring(BEARER.length()), expected)) {
        return null;
      }
      failed(client);
    } else if (hasSession(request)) {
      return null;
    }
    String accepted = request.headers().get(HttpHeaderNames.ACCEPT, "");
    boolean isBrowser = SAFE.contains(request.method()) && accepted.contains("text/html");
    return isBrowser
        ? HttpAnswer.redirect("/login")
        : HttpAnswer.error(
                HttpResponseStatus.UNAUTHORIZED,
                "token: none that is right (expected: that of --admin-token)")
            .with(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
  }

  /** Answers a login with this token. */
  HttpAnswer login(String given, @Nullable String client) {
    if (token == null) {
      return HttpAnswer.redirect("/");
    }
    String from = String.valueOf(client);
    HttpAnswer limited = tooMany(from);
    if (limited != null) {
      return limited;
    }
    if (!isRight(given, token)) {
      failed(from);
      return HttpAnswer.redirect("/login?failed#failed");
    }
    String session = RandomToken.hex(SESSION_BYTES);
    sessions.put(session, nanoTime.getAsLong());
    return HttpAnswer.redirect("/")
        .with(
            HttpHeaderNames.SET_COOKIE,
            "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d"
                .formatted(cookie, session, TimeUnit.NANOSECONDS.toSeconds(SESSION_NANOS)));
  }

  private boolean hasSession(HttpRequest request) {
    String cookies = request.headers().get(HttpHeaderNames.COOKIE);
    if (cookies == null) {
      return false;
    }
    for (Cookie each : ServerCookieDecoder.STRICT.decode(cookies)) {
      Long begun = each.name().equals(cookie) ? sessions.get(each.value()) : null;
      if (begun != null && nanoTime.getAsLong() - begun < SESSION_NANOS) {
        return true;
      }
    }
    return false;
  }

  private @Nullable HttpAnswer tooMany(String client) {
    WrongTokens before = failures.get(client);
    return before != null
            && before.count() >= failedLogins
            && nanoTime.getAsLong() - before.since() < MINUTE_NANOS
        ? HttpAnswer.error(
                HttpResponseStatus.TOO_MANY_REQUESTS,
                "token: %d wrong ones within a minute".formatted(before.count()))
            .with(HttpHeaderNames.RETRY_AFTER, TimeUnit.NANOSECONDS.toSeconds(MINUTE_NANOS))
        : null;
  }

  private void failed(String client) {
    long now = nanoTime.getAsLong();
    WrongTokens before = failures.remove(client);
    failures.put(
        client,
        before == null || now - before.since() >= MINUTE_NANOS
            ? new WrongTokens(now, 1)
            : new WrongTokens(before.since(), before.count() + 1));
  }

  /** Takes the same time for each text of a length. */
  private static boolean isRight(String given, byte[] expected) {
    return MessageDigest.isEqual(hash(given), expected);
  }

  private static byte[] hash(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }
}
