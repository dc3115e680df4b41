package dev.pglambda.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.command.CommandException.Obstacle;
import dev.pglambda.config.HostAndPort;
import dev.pglambda.config.Password;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Sends requests to a proxy's {@code --admin}. Every wait has a time-out. */
final class AdminClient {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(30);

  /** Lambda runs no function for longer than 15 minutes. */
  private static final Duration CALL_TIMEOUT = Duration.ofMinutes(16);

  private static final String EXPECTED_PROXY =
      "a proxy with --admin; name its address by --admin host:port or PGLAMBDA_ADMIN";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final HostAndPort address;
  private final @Nullable Password token;
  private final HttpClient http;

  AdminClient(HostAndPort address, @Nullable Password token) {
    this.address = address;
    this.token = token;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .proxy(HttpClient.Builder.NO_PROXY)
            .build();
  }

  /** The answer's body. */
  byte[] get(String path) throws CommandException, InterruptedException {
    return answer(request(path, "GET", BodyPublishers.noBody(), ANSWER_TIMEOUT), ANSWER_TIMEOUT);
  }

  /** The new call, when it has ended; null for the payload: the one that was kept. */
  byte[] replay(long id, @Nullable String payload) throws CommandException, InterruptedException {
    BodyPublisher body =
        payload == null
            ? BodyPublishers.noBody()
            : BodyPublishers.ofString(MAPPER.createObjectNode().put("payload", payload).toString());
    String path = "/api/invocations/" + id + "/replay";
    return answer(request(path, "POST", body, CALL_TIMEOUT), CALL_TIMEOUT);
  }

  /** What happens from now on; to be closed. */
  CallEvents events() throws CommandException, InterruptedException {
    CallEvents events = new CallEvents();
    CompletableFuture<Integer> status = new CompletableFuture<>();
    http.sendAsync(
            request("/api/events", "GET", BodyPublishers.noBody(), ANSWER_TIMEOUT),
            info -> {
              status.complete(info.statusCode());
              return BodySubscribers.fromLineSubscriber(events);
            })
        .whenComplete(
            (ended, failure) -> {
              if (failure != null) {
                status.completeExceptionally(failure);
              }
            });
    int code = await(status, ANSWER_TIMEOUT);
    if (code != 200) {
      events.close();
      throw refused("GET", code, "");
    }
    return events;
  }

  /** The time-out holds until the answer begins. */
  private HttpRequest request(String path, String method, BodyPublisher body, Duration timeout) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://" + address + path))
            .method(method, body)
            .timeout(timeout)
            .header("Content-Type", "application/json");
    if (token != null) {
      request.header("Authorization", "Bearer " + token.text());
    }
    return request.build();
  }

  private byte[] answer(HttpRequest request, Duration patience)
      throws CommandException, InterruptedException {
    HttpResponse<byte[]> response =
        await(http.sendAsync(request, BodyHandlers.ofByteArray()), patience);
    if (response.statusCode() != 200) {
      throw refused(request.method(), response.statusCode(), error(response.body()));
    }
    return response.body();
  }

  private <T> T await(CompletableFuture<T> future, Duration patience)
      throws CommandException, InterruptedException {
    try {
      return future.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      future.cancel(true);
      throw failure(Obstacle.UNREACHABLE, "no answer");
    } catch (ExecutionException e) {
      throw failure(Obstacle.UNREACHABLE, reason(e.getCause()));
    }
  }

  private static String reason(@Nullable Throwable cause) {
    if (cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException) {
      return "cannot be reached";
    }
    return cause instanceof HttpTimeoutException ? "no answer" : "the connection has failed";
  }

  /** What another answer than 200 means; only a replay asks for a call by its number. */
  private CommandException refused(String method, int status, String error) {
    boolean replay = method.equals("POST");
    if (status == 401) {
      String actual = token == null ? ": wants a token" : ": refuses this token";
      String expected =
          "that of the proxy's --admin-token, by --admin-token-file or PGLAMBDA_ADMIN_TOKEN";
      return new CommandException(
          Obstacle.REFUSED, address + actual + " (expected: " + expected + ")");
    } else if (status == 404 && replay) {
      return new CommandException(
          Obstacle.REFUSED, address + ": keeps no such call (expected: a number that calls lists)");
    } else if (status == 409 && replay) {
      return new CommandException(
          Obstacle.REFUSED,
          address + ": has not kept the payload (expected: --payload or --payload-file)");
    }
    String why = error.isEmpty() ? "" : ": " + CallPrinter.visible(error);
    return failure(Obstacle.REFUSED, "answers " + status + why);
  }

  /** What the server says of an answer that it could not give; empty: nothing. */
  private static String error(byte[] body) {
    try {
      return MAPPER.readTree(body).path("error").asText("");
    } catch (IOException e) {
      return "";
    }
  }

  /** An answer that is none of a proxy's. */
  CommandException notOurs() {
    return failure(Obstacle.REFUSED, "answers, but not as a proxy does");
  }

  private CommandException failure(Obstacle obstacle, String actual) {
    return new CommandException(
        obstacle, address + ": " + actual + " (expected: " + EXPECTED_PROXY + ")");
  }

  /** For a query string. */
  static String encode(String text) {
    return URLEncoder.encode(text, UTF_8);
  }
}
