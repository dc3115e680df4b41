package dev.pglambda.client.invoke;

import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.HaProxy;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Two proxies behind HAProxy, with the configuration of docs/deployment.md. */
@ParameterizedClass
@MethodSource("newestVersion")
@Timeout(120)
class BalancedProxiesTest {
  private static final Path DOCUMENT = Path.of("docs", "deployment.md");
  private static final Pattern BLOCK = Pattern.compile("(?s)```haproxy\n(.*?)```");
  private static final String BACKEND = "pg-lambda-proxy";
  private static final String SECRET = "one secret of at least 32 octets";
  private static final String HELLO = "SELECT payload FROM aws_lambda.invoke('hello', '{}'::json)";
  private static final String HELD = "SELECT payload FROM aws_lambda.invoke('held', '{}'::json)";
  private static final String PATIENT = "SET aws_lambda.request_timeout_ms = 60000";

  @TempDir Path directory;

  private final List<AutoCloseable> opened = new ArrayList<>();
  private final FakeLambdaEndpoint[] lambdas = new FakeLambdaEndpoint[2];
  private final ProxyUnderTest[] proxies = new ProxyUnderTest[2];
  private final PostgresServer postgres;
  private final String database;
  private int port;
  private @Nullable HaProxy balancer;

  BalancedProxiesTest(String version) throws SQLException {
    postgres = PostgresServer.of(version);
    database = postgres.createDatabase();
  }

  static List<String> newestVersion() {
    List<String> versions = PostgresServer.versions();
    return versions.subList(versions.size() - 1, versions.size());
  }

  @AfterEach
  void close() throws Exception {
    for (int i = opened.size() - 1; i >= 0; i--) {
      opened.get(i).close();
    }
  }

  private <T extends AutoCloseable> T open(T one) {
    opened.add(one);
    return one;
  }

  private void start(String... arguments) throws Exception {
    startBehind(block(0), arguments);
  }

  private void startBehind(String configuration, String... arguments) throws Exception {
    for (int i = 0; i < proxies.length; i++) {
      lambdas[i] =
          open(FakeLambdaEndpoint.start())
              .on("hello", Reply.json("\"hello from " + i + "\""))
              .on("held", Reply.json("{}").held());
      List<String> all = new ArrayList<>(List.of(arguments));
      all.addAll(List.of("--callback-secret", SECRET, "--proxy-protocol-from", "127.0.0.1"));
      proxies[i] = open(ProxyUnderTest.start(postgres, lambdas[i], all.toArray(String[]::new)));
    }
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Path admin = directory.resolve("admin.sock");
    balancer = open(HaProxy.start(onThisMachine(configuration, admin), admin));
    for (int i = 0; i < proxies.length; i++) {
      balancer().awaitStatus(BACKEND, server(i), "UP");
    }
  }

  private HaProxy balancer() {
    return Objects.requireNonNull(balancer);
  }

  private static String server(int index) {
    return "proxy-" + (index + 1);
  }

  /** One of the document's examples. */
  private static String block(int index) throws IOException {
    Matcher blocks = BLOCK.matcher(Files.readString(DOCUMENT));
    return blocks.results().toList().get(index).group(1);
  }

  private String onThisMachine(String configuration, Path admin) {
    return configuration
        .replace("/run/haproxy/admin.sock", admin.toString())
        .replace("bind :5432", "bind 127.0.0.1:" + port)
        .replace("10.0.0.11:5433", "127.0.0.1:" + proxies[0].port())
        .replace("10.0.0.12:5433", "127.0.0.1:" + proxies[1].port());
  }

  private Connection connect(String options) throws SQLException {
    return open(
        DriverManager.getConnection(
            "jdbc:postgresql://127.0.0.1:%d/%s?%s".formatted(port, database, options),
            postgres.user(),
            ""));
  }

  private Connection connect() throws SQLException {
    return connect("sslmode=disable");
  }

  private WireClient wire() throws IOException {
    return open(WireClient.connect("127.0.0.1", port, postgres.user(), database, null));
  }

  /** Has new sessions go to one replica only. */
  private void sendNewSessionsTo(int index) {
    balancer().command("set server %s/%s state ready".formatted(BACKEND, server(index)));
    balancer().command("set server %s/%s state drain".formatted(BACKEND, server(1 - index)));
  }

  private static String errorsOf(List<BackendMessage> messages) {
    return messages.stream().filter(BackendMessage.ErrorResponse.class::isInstance).toList() + "";
  }

  @Test
  void eachSessionIsCalledBackAtItsOwnReplica() throws Exception {
    start("--direct-calls", "never");
    Queries.execute(connect(), "CREATE EXTENSION aws_lambda CASCADE");
    for (int i = 0; i < 4; i++) {
      int index = i % 2;
      sendNewSessionsTo(index);

      assertThat(Queries.row(connect(), HELLO)).isEqualTo("\"hello from " + index + "\"");
    }
  }

  @Test
  void aCancelRequestThatReachesAnotherReplicaEndsAStatement() throws Exception {
    start();
    Queries.execute(connect(), "CREATE EXTENSION aws_lambda CASCADE");
    for (String sql : List.of("SELECT pg_sleep(60)", HELD)) {
      sendNewSessionsTo(0);
      WireClient client = wire();
      client.query(PATIENT).readUntilReady();
      int requests = lambdas[0].requests().size();
      client.query(sql).flushOut();
      postgres.awaitStatement(database, sql);
      if (sql.equals(HELD)) {
        lambdas[0].awaitRequests(requests + 1);
      }
      sendNewSessionsTo(1);

      client.cancel();

      assertThat(errorsOf(client.readUntilReady())).contains("57014");
    }
    lambdas[0].awaitAborted(1);
  }

  /** The server, which is idle meanwhile, tells the replica nothing: docs/deployment.md. */
  @Test
  void aDirectCallIsEndedByItsTimeOutIfAnotherReplicaGetsTheCancelRequest() throws Exception {
    start();
    sendNewSessionsTo(0);
    WireClient client = wire();
    client.query("SET aws_lambda.request_timeout_ms = 60000; SET statement_timeout = '2s'");
    client.readUntilReady();
    client.query(HELD).flushOut();
    lambdas[0].awaitRequests(1);
    sendNewSessionsTo(1);

    client.cancel();

    assertThat(lambdas[0].aborted()).isZero();
    assertThat(errorsOf(client.readUntilReady()))
        .contains("57014")
        .contains("canceling statement due to statement timeout");
    lambdas[0].awaitAborted(1);
  }

  /** The document's second example, for direct calls. */
  @Test
  void aDirectCallIsCancelledWhereClientsStayAtOneReplica() throws Exception {
    startBehind(block(0).replace("balance leastconn\n", "balance leastconn\n" + block(1)));
    for (int i = 0; i < 3; i++) {
      WireClient client = wire();
      client.query(PATIENT).readUntilReady();
      int requests = lambdas[0].requests().size() + lambdas[1].requests().size();
      client.query(HELD).flushOut();
      await("the call")
          .until(() -> lambdas[0].requests().size() + lambdas[1].requests().size() > requests);

      client.cancel();

      assertThat(errorsOf(client.readUntilReady()))
          .contains("57014")
          .contains("canceling statement due to user request");
    }
  }

  @Test
  void aReplicaThatStopsIsTakenOutAndEndsWhatRuns() throws Exception {
    start("--shutdown-grace", "60s");
    sendNewSessionsTo(0);
    Connection idle = connect();
    WireClient running = wire();
    running.query("BEGIN").readUntilReady();
    balancer().command("set server %s/%s state ready".formatted(BACKEND, server(1)));

    CompletableFuture<Void> drained =
        CompletableFuture.runAsync(
            () -> {
              try {
                proxies[0].drain();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    balancer().awaitStatus(BACKEND, server(0), "DOWN");

    for (int i = 0; i < 4; i++) {
      assertThat(Queries.row(connect(), "SELECT 1")).isEqualTo("1");
    }
    assertThat(proxies[1].sessions()).isGreaterThanOrEqualTo(4);
    assertThat(errorsOf(running.query("SELECT 1").readUntilReady())).isEqualTo("[]");
    assertThat(drained).isNotDone();
    assertThat(errorsOf(running.query("COMMIT").readUntilReady())).isEqualTo("[]");
    assertThat(running.read()).asString().contains("57P01");
    drained.get(30, TimeUnit.SECONDS);
    proxies[0].close();
    assertThat(idle.isValid(5)).isFalse();
    assertThat(Queries.row(connect(), "SELECT 1")).isEqualTo("1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"disable", "require"})
  void limitsAndErrorsKnowTheClientsAddress(String sslmode) throws Exception {
    start("--max-clients-per-address", "1", "--tls-self-signed", "on");
    sendNewSessionsTo(0);
    String tls = "sslmode=" + sslmode;
    connect(tls + "&localSocketAddress=127.0.0.3");

    assertThatThrownBy(() -> connect(tls + "&localSocketAddress=127.0.0.3"))
        .hasMessageContaining("too many connections for address \"127.0.0.3\"");
    assertThat(Queries.row(connect(tls + "&localSocketAddress=127.0.0.4"), "SELECT 1"))
        .isEqualTo("1");
  }

  /** The document's third example, where the proxies require TLS of the health check, too. */
  @Test
  void healthChecksCanUseTls() throws Exception {
    String withTls =
        block(0).replace("default-server check", "default-server check " + block(2).strip());
    startBehind(withTls, "--tls-self-signed", "on", "--tls-mode", "require");

    assertThat(Queries.row(connect("sslmode=require"), "SELECT 1")).isEqualTo("1");
  }
}
