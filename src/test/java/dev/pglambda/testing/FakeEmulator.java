package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.pglambda.lambda.FunctionName;
import dev.pglambda.testing.FakeEmulator.Kind.Trait;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.util.Base64;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Something that speaks a part of the Invoke API: it refuses and ignores what the real one does
 * (read in their sources in 2026). Its function {@code hello}, with the version 3 and the alias
 * {@code live} for it, returns its client context, else the qualifier as which it runs, and fails
 * if its payload is {@code "fail"}.
 */
public final class FakeEmulator implements AutoCloseable {
  private static final String ERROR = "{\"errorMessage\":\"no\",\"errorType\":\"Error\"}";

  private final Kind kind;
  private final HttpServer server;
  private final AtomicInteger runs = new AtomicInteger();

  /** Whose behaviour. */
  public enum Kind {
    AWS,
    LOCALSTACK,
    MINISTACK(Trait.VERSION_ALWAYS),
    SAM(
        Trait.NAME_NORMALIZED,
        Trait.QUERY_REFUSED,
        Trait.DRY_RUN_REFUSED,
        Trait.TAIL_REFUSED,
        Trait.NO_VERSION,
        Trait.NO_CONTEXT),
    RIE(
        Trait.NAME_IS_FUNCTION,
        Trait.EVENT_WAITS,
        Trait.DRY_RUN_RUNS,
        Trait.NO_TAIL,
        Trait.NO_VERSION,
        Trait.ERROR_WITHOUT_HEADER),
    SERVERLESS_OFFLINE(Trait.NAME_EXACT, Trait.DRY_RUN_REFUSED, Trait.NO_TAIL, Trait.NO_VERSION),
    MOTO(
        Trait.QUERY_IGNORED,
        Trait.DRY_RUN_RUNS_FIRST,
        Trait.NO_VERSION,
        Trait.NO_CONTEXT,
        Trait.ERROR_HANDLED),
    FLOCI(Trait.QUERY_IGNORED, Trait.NO_TAIL, Trait.VERSION_ALWAYS, Trait.NO_CONTEXT),
    CARGO_LAMBDA(
        Trait.NAME_EXACT,
        Trait.EVENT_WAITS,
        Trait.DRY_RUN_RUNS,
        Trait.NO_TAIL,
        Trait.NO_VERSION,
        Trait.NO_CONTEXT,
        Trait.ERROR_IS_500);

    enum Trait {
      NAME_EXACT,
      NAME_NORMALIZED,
      NAME_IS_FUNCTION,
      QUERY_REFUSED,
      QUERY_IGNORED,
      EVENT_WAITS,
      DRY_RUN_RUNS,
      DRY_RUN_RUNS_FIRST,
      DRY_RUN_REFUSED,
      NO_TAIL,
      TAIL_REFUSED,
      NO_VERSION,
      VERSION_ALWAYS,
      NO_CONTEXT,
      ERROR_WITHOUT_HEADER,
      ERROR_HANDLED,
      ERROR_IS_500
    }

    @SuppressWarnings("ImmutableEnumChecker") // It is.
    private final Set<Trait> traits;

    Kind(Trait... traits) {
      this.traits = Set.of(traits);
    }

    private boolean has(Trait trait) {
      return traits.contains(trait);
    }
  }

  private FakeEmulator(Kind kind) throws IOException {
    this.kind = kind;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/2015-03-31/functions/", this::handle);
    server.start();
  }

  /** Listens on a free port. */
  public static FakeEmulator start(Kind kind) throws IOException {
    return new FakeEmulator(kind);
  }

  public URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** How often the function has run. */
  public int runs() {
    return runs.get();
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void handle(HttpExchange exchange) throws IOException {
    String payload = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
    String name = URLDecoder.decode(exchange.getRequestURI().getRawPath().split("/", -1)[3], UTF_8);
    String query = exchange.getRequestURI().getQuery();
    String type = header(exchange, "X-Amz-Invocation-Type");
    boolean tail = header(exchange, "X-Amz-Log-Type").equals("Tail");
    String version = version(name, query);
    if (query != null && kind.has(Trait.QUERY_REFUSED)) {
      refuse(exchange, 400, "InvalidRequestContent", "Query Parameters are not supported");
    } else if (version == null) {
      refuseName(exchange, name);
    } else if (tail && kind.has(Trait.TAIL_REFUSED)) {
      refuse(
          exchange,
          501,
          "NotImplemented",
          "log-type: Tail is not supported. None is only supported.");
    } else if (type.equals("DryRun") && kind.has(Trait.DRY_RUN_REFUSED)) {
      refuseDryRun(exchange);
    } else if (type.equals("DryRun") && !kind.has(Trait.DRY_RUN_RUNS)) {
      if (kind.has(Trait.DRY_RUN_RUNS_FIRST)) {
        runs.incrementAndGet();
      }
      withoutPayload(exchange, 204, version);
    } else if (type.equals("Event") && !kind.has(Trait.EVENT_WAITS)) {
      runs.incrementAndGet();
      withoutPayload(exchange, 202, version);
    } else {
      runs.incrementAndGet();
      run(exchange, payload, version, tail);
    }
  }

  /** What runs by that name: {@code live} or {@code $LATEST}; null: nothing. */
  private @Nullable String version(String name, @Nullable String query) {
    if (kind.has(Trait.NAME_IS_FUNCTION)) {
      return name.equals("function") ? "$LATEST" : null;
    }
    if (kind.has(Trait.NAME_EXACT)) {
      return name.equals("hello") ? "$LATEST" : null;
    }
    FunctionName parsed = FunctionName.parse(name).orElseThrow();
    if (!parsed.name().equals("hello")) {
      return null;
    }
    if (kind.has(Trait.NAME_NORMALIZED)) {
      return "$LATEST";
    }
    String asked =
        query != null && !kind.has(Trait.QUERY_IGNORED)
            ? query.replace("Qualifier=", "")
            : parsed.qualifier();
    return asked == null || asked.equals("$LATEST")
        ? "$LATEST"
        : asked.equals("live") ? asked : null;
  }

  private void run(HttpExchange exchange, String payload, String version, boolean tail)
      throws IOException {
    tell(exchange, version);
    if (tail && !kind.has(Trait.NO_TAIL)) {
      byte[] log = "START\nEND\n".getBytes(UTF_8);
      exchange
          .getResponseHeaders()
          .set("X-Amz-Log-Result", Base64.getEncoder().encodeToString(log));
    }
    if (!payload.equals("\"fail\"")) {
      String context = header(exchange, "X-Amz-Client-Context");
      answer(
          exchange,
          200,
          context.isEmpty() || kind.has(Trait.NO_CONTEXT)
              ? "\"" + version + "\""
              : new String(Base64.getDecoder().decode(context), UTF_8));
      return;
    }
    if (!kind.has(Trait.ERROR_WITHOUT_HEADER) && !kind.has(Trait.ERROR_IS_500)) {
      exchange
          .getResponseHeaders()
          .set("X-Amz-Function-Error", kind.has(Trait.ERROR_HANDLED) ? "Handled" : "Unhandled");
    }
    answer(exchange, kind.has(Trait.ERROR_IS_500) ? 500 : 200, ERROR);
  }

  private void withoutPayload(HttpExchange exchange, int status, String version)
      throws IOException {
    if (kind.has(Trait.VERSION_ALWAYS)) {
      tell(exchange, version);
    }
    answer(exchange, status, "");
  }

  private void tell(HttpExchange exchange, String version) {
    if (!kind.has(Trait.NO_VERSION)) {
      exchange
          .getResponseHeaders()
          .set("X-Amz-Executed-Version", version.equals("live") ? "3" : version);
    }
  }

  private void refuseName(HttpExchange exchange, String name) throws IOException {
    switch (kind) {
      case RIE, CARGO_LAMBDA -> answer(exchange, 404, "404 page not found");
      case MOTO -> answer(exchange, 404, "{}");
      case SAM ->
          refuse(
              exchange,
              404,
              "ResourceNotFound",
              "Function not found: arn:aws:lambda:us-west-2:012345678901:function:" + name);
      case SERVERLESS_OFFLINE ->
          refuse(exchange, 404, "ResourceNotFoundException", "Function not found: " + name);
      case AWS, LOCALSTACK, MINISTACK, FLOCI ->
          refuse(
              exchange,
              404,
              "ResourceNotFoundException",
              "Function not found: arn:aws:lambda:eu-west-1:000000000000:function:" + name);
    }
  }

  private void refuseDryRun(HttpExchange exchange) throws IOException {
    if (kind == Kind.SAM) {
      refuse(
          exchange,
          501,
          "NotImplemented",
          "invocation-type: DryRun is not supported. Only Event and RequestResponse are"
              + " supported.");
    } else {
      refuse(
          exchange,
          400,
          "InvalidParameterValueException",
          "invocationType: 'DryRun' not supported by serverless-offline");
    }
  }

  private static void refuse(HttpExchange exchange, int status, String type, String message)
      throws IOException {
    exchange.getResponseHeaders().set("x-amzn-errortype", type);
    answer(exchange, status, "{\"Type\":\"User\",\"Message\":\"" + message + "\"}");
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    if (bytes.length > 0) {
      exchange.getResponseBody().write(bytes);
    }
    exchange.close();
  }

  private static String header(HttpExchange exchange, String name) {
    String value = exchange.getRequestHeaders().getFirst(name);
    return value == null ? "" : value;
  }
}
