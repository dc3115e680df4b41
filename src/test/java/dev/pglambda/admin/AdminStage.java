package dev.pglambda.admin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.config.Config;
import dev.pglambda.config.HostAndPort;
import dev.pglambda.config.Password;
import dev.pglambda.journal.Journal;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.lambda.InvokeFunction;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.RouteState;
import dev.pglambda.lambda.aws.SdkPartitions;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.RefusalCounts;
import dev.pglambda.relay.SessionState;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** An administration whose calls the test answers for, with a client of it. */
final class AdminStage implements AutoCloseable {
  static final String TOKEN = "a-token-for-the-tests";
  static final String DATABASE = "orders";
  static final String STATEMENT = "INSERT INTO orders VALUES ('Straße')";
  static final int JOURNAL_BYTES = 64 << 20;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PATIENCE_MS = 5_000;

  final Journal journal;
  final AtomicBoolean draining = new AtomicBoolean();
  final RefusalCounts refusedClients = new RefusalCounts();
  final RefusalCounts refusedCallbacks = new RefusalCounts();
  final List<Invocation> invocations = new CopyOnWriteArrayList<>();

  /** What Lambda answers next. */
  volatile CompletableFuture<InvocationResult> answer = answering("{\"ok\": true}");

  /** That of the next call. */
  String statement = STATEMENT;

  private final NioEventLoopGroup relay = new NioEventLoopGroup(1);
  private final ServerSocket postgres;
  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofMillis(PATIENCE_MS)).build();
  private final InvokeFunction function;
  private final AdminServer server;

  /** What the administration under test is like. */
  record Setup(@Nullable String token, AdminLimits limits, boolean keepsPayloads) {
    static final Setup DEFAULT = new Setup(null, AdminLimits.DEFAULT, true);

    static Setup withToken() {
      return new Setup(TOKEN, AdminLimits.DEFAULT, true);
    }

    static Setup with(AdminLimits limits) {
      return new Setup(null, limits, true);
    }
  }

  AdminStage(Setup setup) throws IOException, InterruptedException {
    journal = new Journal(JOURNAL_BYTES, setup.keepsPayloads(), Clock.systemUTC());
    function = new InvokeFunction(new TestInvoker(), "eu-central-1", new SdkPartitions(), journal);
    postgres = new ServerSocket(0);
    String token = setup.token();
    server =
        AdminServer.start(
            new Config.Admin(
                new HostAndPort("127.0.0.1", 0), true, token == null ? null : new Password(token)),
            sources(),
            setup.limits());
  }

  AdminSources sources() {
    return new AdminSources(
        journal,
        JOURNAL_BYTES,
        function,
        () -> List.of(new RouteState("order-*", "orders.py", 2, 1, 3, List.of("started"))),
        "nowhere",
        () ->
            List.of(
                new SessionState(
                    "127.0.0.1:4711",
                    DATABASE,
                    "ann",
                    "psql",
                    42,
                    Instant.parse("2026-01-02T03:04:05Z"))),
        refusedClients,
        refusedCallbacks,
        MemoryBudget.unlimited(),
        relay,
        new HostAndPort("127.0.0.1", postgres.getLocalPort()),
        draining::get,
        () -> "proven",
        "1.2.3",
        Instant.parse("2026-01-02T03:04:05Z"));
  }

  private final class TestInvoker implements LambdaInvoker {
    @Override
    public CompletableFuture<InvocationResult> invoke(Invocation invocation) {
      invocations.add(invocation);
      return answer;
    }

    @Override
    public void close() {}
  }

  static CompletableFuture<InvocationResult> answering(String payload) {
    return CompletableFuture.completedFuture(
        new InvocationResult(200, ByteBuffer.wrap(payload.getBytes(UTF_8)), "7", null, null));
  }

  static CompletableFuture<InvocationResult> failing() {
    return CompletableFuture.completedFuture(
        new InvocationResult(
            200,
            ByteBuffer.wrap("{\"errorMessage\": \"no stock\"}".getBytes(UTF_8)),
            "7",
            null,
            "Unhandled"));
  }

  /** A call from SQL. */
  CompletableFuture<?> call(@Nullable String name, @Nullable String payload) {
    return function.call(
        new InvokeArguments(
            InvokeArguments.Form.NAME,
            name,
            null,
            payload == null ? null : ByteBuffer.wrap(payload.getBytes(UTF_8)),
            null,
            "RequestResponse",
            "None",
            "{\"custom\": {}}",
            null,
            null,
            null),
        new CallOrigin(
            new InetSocketAddress(NetUtil.LOCALHOST4, 4711),
            DATABASE,
            "ann",
            "psql",
            42,
            statement,
            "installation",
            null));
  }

  AdminServer server() {
    return server;
  }

  int port() {
    return server.address().getPort();
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
        .timeout(Duration.ofMillis(PATIENCE_MS));
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(request(path));
  }

  HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
    return send(request(path).POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  JsonNode json(String path) throws IOException, InterruptedException {
    return JSON.readTree(get(path).body());
  }

  static JsonNode json(HttpResponse<String> response) throws IOException {
    return JSON.readTree(response.body());
  }

  /** Ids of the calls that are found. */
  List<Long> ids(String query) throws IOException, InterruptedException {
    return json("/api/invocations" + query).get("invocations").findValues("id").stream()
        .map(JsonNode::asLong)
        .toList();
  }

  HttpClient http() {
    return http;
  }

  /** A connection on which anything may be sent. */
  Socket connect() throws IOException {
    Socket socket = new Socket();
    socket.setSoTimeout(PATIENCE_MS);
    socket.connect(new InetSocketAddress(NetUtil.LOCALHOST4, port()), PATIENCE_MS);
    return socket;
  }

  /** Sends bytes, and reads until the other side closes. */
  String raw(String bytes) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }

  /** A GET with these header lines, after which the connection ends. */
  String raw(String path, String... headers) throws IOException {
    return raw(
        "GET "
            + path
            + " HTTP/1.1\r\nConnection: close\r\n"
            + String.join("\r\n", headers)
            + (headers.length == 0 ? "" : "\r\n")
            + "\r\n");
  }

  void stopPostgres() throws IOException {
    postgres.close();
  }

  @Override
  public void close() throws IOException {
    server.close();
    postgres.close();
    relay.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(PATIENCE_MS);
  }
}
