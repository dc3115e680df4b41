package dev.pglambda.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;

import dev.pglambda.limits.PeerAddress;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.timeout.WriteTimeoutException;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives each request to what serves its path, and sends what that answers. */
@Sharable
final class RequestRouter extends SimpleChannelInboundHandler<FullHttpRequest> {
  private static final Logger log = LoggerFactory.getLogger(RequestRouter.class);
  private static final String OF_ONE = "/api/invocations/{id}";
  private static final String REPLAY = "/replay";
  private static final Pattern WITH_ID = Pattern.compile("/api/invocations/(\\d{1,18})(/\\w+)?");

  /** By path and method; HEAD is as GET. */
  private final Map<String, Map<String, RequestHandler>> routes = new LinkedHashMap<>();

  private final AnswerMemory memory;

  /** Answers requests of a path and a method; null: it has sent the answer itself. */
  @FunctionalInterface
  interface RequestHandler {
    CompletionStage<@Nullable HttpAnswer> answer(AdminRequest request);
  }

  RequestRouter(
      AccessControl access,
      InvocationsApi invocations,
      StatusApi status,
      EventStreams streams,
      Metrics metrics,
      PageFiles files,
      AnswerMemory memory) {
    this.memory = memory;
    add("GET", "/api/invocations", invocations::list);
    add(
        "DELETE",
        "/api/invocations",
        now(
            request -> {
              invocations.clear();
              streams.cleared();
              return HttpAnswer.empty(HttpResponseStatus.NO_CONTENT);
            }));
    add("GET", OF_ONE, now(invocations::one));
    add("POST", OF_ONE + REPLAY, invocations::replay);
    add("GET", "/api/sessions", now(request -> status.sessions()));
    add("GET", "/api/functions", now(request -> status.functions()));
    add("GET", "/api/status", request -> status.status(invocations.clears()));
    add("GET", "/api/events", now(streams::open));
    add("GET", "/api/openapi.json", now(request -> status.openApi()));
    add("GET", "/health/live", now(request -> status.live()));
    add("GET", "/health/ready", request -> status.ready());
    add("GET", "/metrics", now(request -> metrics.answer()));
    files.paths().forEach(path -> add("GET", path, now(request -> files.file(request.head()))));
    add(
        "POST",
        "/login",
        now(request -> access.login(token(request), PeerAddress.host(request.channel()))));
  }

  private void add(String method, String path, RequestHandler handler) {
    routes.computeIfAbsent(path, none -> new TreeMap<>()).put(method, handler);
  }

  private static RequestHandler now(Function<AdminRequest, @Nullable HttpAnswer> answer) {
    return request -> CompletableFuture.completedFuture(answer.apply(request));
  }

  private static String token(AdminRequest request) {
    List<String> tokens =
        parameters(new QueryStringDecoder(request.body(), false)).getOrDefault("token", List.of());
    return tokens.isEmpty() ? "" : tokens.get(0);
  }

  private static Map<String, List<String>> parameters(QueryStringDecoder query) {
    try {
      return query.parameters();
    } catch (IllegalArgumentException malformed) {
      throw new BadRequestException("parameters", "..", "escaped as in a URL");
    }
  }

  /** Paths and their methods, as the document of the API names them. */
  Map<String, Map<String, RequestHandler>> routes() {
    return routes;
  }

  /** The path that a request asks for, as it is written. */
  static String pathOf(HttpRequest request) {
    return new QueryStringDecoder(request.uri()).rawPath();
  }

  /** Whether a request makes a call once more, and so may have a payload. */
  static boolean isReplay(HttpRequest request) {
    Matcher withId = WITH_ID.matcher(pathOf(request));
    return request.method().equals(HttpMethod.POST)
        && withId.matches()
        && REPLAY.equals(withId.group(2));
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
    context.pipeline().fireUserEventTriggered(RequestStage.ARRIVED);
    if (request.decoderResult().isFailure()) {
      HttpAnswer.error(HttpResponseStatus.BAD_REQUEST, "body: not HTTP")
          .sendLast(context.channel(), request);
      return;
    }
    CompletionStage<@Nullable HttpAnswer> answer;
    try {
      answer = answer(context, request);
    } catch (RuntimeException failure) {
      answer = CompletableFuture.completedFuture(ofFailure(failure));
    }
    var unusedSent =
        answer
            .exceptionally(RequestRouter::ofFailure)
            .thenAcceptAsync(
                whole -> {
                  if (whole != null) {
                    send(whole, context.channel(), request);
                  }
                },
                task -> executeNow(task, context.executor()));
  }

  /**
   * An answer is made and accounted for in one step: many that wait between would count as none.
   */
  private static void executeNow(Runnable task, EventExecutor loop) {
    if (loop.inEventLoop()) {
      task.run();
    } else {
      loop.execute(task);
    }
  }

  private void send(HttpAnswer answer, Channel channel, HttpRequest request) {
    if (memory.hold(answer.bytes())) {
      answer.send(channel, request).addListener(sent -> memory.release(answer.bytes()));
    } else {
      AnswerMemory.refusal().send(channel, request);
    }
  }

  private CompletionStage<@Nullable HttpAnswer> answer(
      ChannelHandlerContext context, FullHttpRequest request) {
    String path = pathOf(request);
    Matcher withId = WITH_ID.matcher(path);
    boolean hasId = withId.matches();
    String rest = hasId && withId.group(2) != null ? withId.group(2) : "";
    Map<String, RequestHandler> methods = routes.get(hasId ? OF_ONE + rest : path);
    if (methods == null) {
      return CompletableFuture.completedFuture(
          HttpAnswer.error(HttpResponseStatus.NOT_FOUND, "path: not one of /api/openapi.json"));
    }
    boolean isHead = request.method().equals(HttpMethod.HEAD);
    RequestHandler handler = methods.get(isHead ? "GET" : request.method().name());
    if (handler == null) {
      String allowed = methods.keySet().stream().collect(joining(", ")).replace("GET", "GET, HEAD");
      return CompletableFuture.completedFuture(
          HttpAnswer.error(
                  HttpResponseStatus.METHOD_NOT_ALLOWED,
                  "method: \"%s\" (expected: %s)".formatted(request.method(), allowed))
              .with(HttpHeaderNames.ALLOW, allowed));
    }
    return handler.answer(
        new AdminRequest(
            context.channel(),
            request,
            parameters(new QueryStringDecoder(request.uri())),
            hasId ? Long.parseLong(withId.group(1)) : 0,
            request.content().toString(UTF_8)));
  }

  private static HttpAnswer ofFailure(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof BadRequestException bad) {
      return HttpAnswer.error(HttpResponseStatus.BAD_REQUEST, String.valueOf(bad.getMessage()));
    }
    if (cause instanceof RejectedExecutionException) {
      return HttpAnswer.error(
          HttpResponseStatus.SERVICE_UNAVAILABLE, "search: too many others are waiting");
    }
    log.error("a request to the administration failed", cause);
    return HttpAnswer.error(HttpResponseStatus.INTERNAL_SERVER_ERROR, "internal error");
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (!(cause instanceof IOException || cause instanceof WriteTimeoutException)) {
      log.warn("a connection to the administration failed", cause);
    }
    context.close();
  }
}
