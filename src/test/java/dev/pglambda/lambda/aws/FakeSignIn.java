package dev.pglambda.lambda.aws;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The services of AWS from which credentials come, on the loopback interface: STS, IAM Identity
 * Center's portal and its OIDC service, the sign-in service of {@code aws login}, and a container's
 * credentials. All secrets that it gives hold the word {@link #SECRET}.
 */
final class FakeSignIn implements AutoCloseable {
  static final String SECRET = "PLANTED";
  static final String GOOD_TOKEN = "good-token-" + SECRET;
  static final String REFRESHED_TOKEN = "refreshed-token-" + SECRET;
  static final String REFRESH_TOKEN = "refresh-token-" + SECRET;

  private static final Pattern ROLE = Pattern.compile("RoleArn=[^&]*role%2F(\\w+)");
  private static final Pattern KEY = Pattern.compile("Credential=([^/]+)/");

  private final HttpServer server;

  /** Each request: its path, and who signed it or what else proved the right to ask. */
  final List<String> requests = new CopyOnWriteArrayList<>();

  private FakeSignIn(HttpServer server) {
    this.server = server;
  }

  static FakeSignIn start() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    FakeSignIn fake = new FakeSignIn(server);
    server.createContext("/", fake::assumeRole);
    server.createContext("/sso/federation/credentials", fake::roleCredentials);
    server.createContext("/oidc/token", fake::refreshToken);
    server.createContext("/signin/v1/token", fake::refreshLogin);
    server.createContext("/container", fake::containerCredentials);
    server.start();
    return fake;
  }

  String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/" + path;
  }

  /** That has the SDK ask here. */
  Map<String, String> environment() {
    return Map.of(
        "AWS_ENDPOINT_URL_STS", url(""),
        "AWS_ENDPOINT_URL_SSO", url("sso"),
        "AWS_ENDPOINT_URL_SSO_OIDC", url("oidc"),
        "AWS_ENDPOINT_URL_SIGNIN", url("signin"));
  }

  private void assumeRole(HttpExchange exchange) throws IOException {
    String question = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
    Matcher role = ROLE.matcher(question);
    Matcher key = KEY.matcher(header(exchange, "Authorization"));
    String proof =
        question.contains("WebIdentityToken=web-identity-" + SECRET)
            ? "web identity"
            : key.find() ? key.group(1) : "nobody";
    if (!role.find()) {
      throw new IOException("no role in " + question);
    }
    requests.add("sts " + role.group(1) + " by " + proof);
    String action =
        question.contains("AssumeRoleWithWebIdentity") ? "AssumeRoleWithWebIdentity" : "AssumeRole";
    answer(
        exchange,
        200,
        "<%1$sResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><%1$sResult><Credentials><AccessKeyId>ASIA%2$s</AccessKeyId><SecretAccessKey>secret-%3$s</SecretAccessKey><SessionToken>session-%3$s</SessionToken><Expiration>%4$s</Expiration></Credentials></%1$sResult></%1$sResponse>"
            .formatted(
                action, role.group(1).toUpperCase(Locale.ROOT), SECRET, inAnHour().toString()));
  }

  private void roleCredentials(HttpExchange exchange) throws IOException {
    String token = header(exchange, "x-amz-sso_bearer_token");
    requests.add("sso " + exchange.getRequestURI().getQuery());
    if (token.equals(GOOD_TOKEN) || token.equals(REFRESHED_TOKEN)) {
      answer(
          exchange,
          200,
          "{\"roleCredentials\": {\"accessKeyId\": \"ASIASSO\", \"secretAccessKey\":"
              + " \"secret-%1$s\", \"sessionToken\": \"session-%1$s\", \"expiration\": %2$d}}"
                  .formatted(SECRET, inAnHour().toEpochMilli()));
    } else {
      exchange.getResponseHeaders().add("x-amzn-ErrorType", "UnauthorizedException");
      answer(exchange, 401, "{\"message\": \"Session token not found or invalid\"}");
    }
  }

  private void refreshToken(HttpExchange exchange) throws IOException {
    boolean known = question(exchange).contains(REFRESH_TOKEN);
    requests.add("oidc " + known);
    if (known) {
      answer(
          exchange,
          200,
          "{\"accessToken\": \"%s\", \"refreshToken\": \"%s\", \"expiresIn\": 3600}"
              .formatted(REFRESHED_TOKEN, REFRESH_TOKEN));
    } else {
      exchange.getResponseHeaders().add("x-amzn-ErrorType", "InvalidGrantException");
      answer(exchange, 400, "{\"error\": \"invalid_grant\"}");
    }
  }

  private void refreshLogin(HttpExchange exchange) throws IOException {
    boolean known = question(exchange).contains(REFRESH_TOKEN);
    requests.add("signin " + known + " " + !header(exchange, "DPoP").isEmpty());
    if (known) {
      answer(
          exchange,
          200,
          "{\"accessToken\": {\"accessKeyId\": \"ASIALOGINNEW\", \"secretAccessKey\":"
              + " \"secret-%1$s\", \"sessionToken\": \"session-%1$s\"}, \"tokenType\":"
              + " \"aws_sigv4\", \"expiresIn\": 900, \"refreshToken\": \"refresh-token-%1$s\"}"
                  .formatted(SECRET));
    } else {
      exchange.getResponseHeaders().add("x-amzn-ErrorType", "AccessDeniedException");
      answer(exchange, 401, "{\"error\": \"TOKEN_EXPIRED\", \"message\": \"expired\"}");
    }
  }

  private void containerCredentials(HttpExchange exchange) throws IOException {
    requests.add("container " + header(exchange, "Authorization").equals("pass-" + SECRET));
    answer(
        exchange,
        200,
        "{\"AccessKeyId\": \"ASIACONTAINER\", \"SecretAccessKey\": \"secret-%1$s\", \"Token\":"
            + " \"session-%1$s\", \"Expiration\": \"%2$s\"}".formatted(SECRET, inAnHour()));
  }

  private static Instant inAnHour() {
    return Instant.ofEpochSecond(Instant.now().plus(Duration.ofHours(1)).getEpochSecond());
  }

  private static String question(HttpExchange exchange) throws IOException {
    return new String(exchange.getRequestBody().readAllBytes(), UTF_8);
  }

  private static String header(HttpExchange exchange, String name) {
    String value = exchange.getRequestHeaders().getFirst(name);
    return value == null ? "" : value;
  }

  private static void answer(HttpExchange exchange, int status, String text) throws IOException {
    byte[] answer = text.getBytes(UTF_8);
    exchange.sendResponseHeaders(status, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
