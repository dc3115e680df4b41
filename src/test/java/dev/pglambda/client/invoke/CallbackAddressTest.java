package dev.pglambda.client.invoke;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.StartException;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.Forwarder;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.ServerErrorMessage;

/**
 * The server finds another proxy than it should, or none: an error says so, its HINT names the
 * cure, its CONTEXT shows the user's own frames, and the cure works.
 */
@ParameterizedClass
@MethodSource("versions")
class CallbackAddressTest {
  private static final String INSTALL = "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE";
  private static final String CALL = "SELECT tell()";
  private static final String USERS_FRAMES =
      """
      SQL statement "SELECT * FROM aws_lambda.invoke('hello', '{}'::json)"
      PL/pgSQL function tell() line 3 at PERFORM\
      """;
  private static final String CONTEXT = "SQL function \"invoke\" statement 1\n" + USERS_FRAMES;
  private static final String NOT_CALLED = "The Lambda function was not called. Cause: ";
  private static final String SECRET = "one secret of at least 32 octets";
  private static final String ANOTHER_SECRET = "another secret of at least 32 octets";

  private final PostgresServer postgres;
  private final String database;
  private final Forwarder forwarder;
  private final FakeLambdaEndpoint lambda = FakeLambdaEndpoint.start();
  private final List<ProxyUnderTest> proxies = new ArrayList<>();

  CallbackAddressTest(String version) throws IOException, SQLException {
    postgres = PostgresServer.of(version);
    database = postgres.createDatabase();
    forwarder = Forwarder.start();
    lambda.on("hello", Reply.json("\"hello\""));
  }

  static List<String> versions() {
    return PostgresServer.versions();
  }

  @AfterEach
  void close() {
    proxies.forEach(ProxyUnderTest::close);
    forwarder.close();
    lambda.close();
  }

  private ProxyUnderTest proxy(String secret, String address)
      throws IOException, StartException, InterruptedException {
    ProxyUnderTest proxy =
        ProxyUnderTest.start(
            postgres, lambda, "--callback-secret", secret, "--callback-address", address);
    proxies.add(proxy);
    return proxy;
  }

  /** A proxy that is called back at the forwarder, which leads to it. */
  private ProxyUnderTest proxyBehindForwarder(String secret) throws Exception {
    ProxyUnderTest proxy = proxy(secret, forwarder.address());
    forwarder.target(proxy.port());
    return proxy;
  }

  private void execute(ProxyUnderTest proxy, String... statements) throws SQLException {
    try (Connection connection = proxy.connect(database)) {
      Queries.execute(connection, statements);
    }
  }

  private void installThrough(ProxyUnderTest proxy) throws SQLException {
    execute(
        proxy,
        INSTALL,
        """
        CREATE FUNCTION tell() RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM * FROM aws_lambda.invoke('hello', '{}'::json);
        END $$
        """);
  }

  private ServerErrorMessage errorThrough(ProxyUnderTest proxy) throws SQLException {
    try (Connection connection = proxy.connect(database)) {
      return Queries.error(connection, CALL);
    }
  }

  private ServerErrorMessage errorOfSessionThatBypassesTheProxy() throws SQLException {
    try (Connection connection = postgres.connect(database)) {
      return Queries.error(connection, CALL);
    }
  }

  private void assertWorks(ProxyUnderTest proxy) throws SQLException {
    int before = lambda.requests().size();
    execute(proxy, CALL);
    assertThat(lambda.requests()).hasSize(before + 1);
  }

  private void assertWorksWithoutProxy() throws SQLException {
    int before = lambda.requests().size();
    try (Connection connection = postgres.connect(database)) {
      Queries.execute(connection, CALL);
    }
    assertThat(lambda.requests()).hasSize(before + 1);
  }

  private void assertUnreachable(
      ServerErrorMessage error, String address, String cause, String hint) {
    assertThat(error.getSQLState()).isEqualTo("08001");
    assertThat(error.getMessage())
        .isEqualTo("the server cannot reach pg-lambda-proxy at " + address);
    assertThat(error.getDetail()).startsWith(NOT_CALLED).contains(cause);
    assertThat(error.getHint()).isEqualTo(hint);
    assertThat(lambda.requests()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {INSTALL, "ALTER EXTENSION aws_lambda UPDATE"})
  void aProxyWithANewSecret(String cure) throws Exception {
    ProxyUnderTest old = proxyBehindForwarder(SECRET);
    installThrough(old);
    ProxyUnderTest renewed = proxyBehindForwarder(ANOTHER_SECRET);

    ServerErrorMessage error = errorThrough(renewed);

    assertThat(error.getSQLState()).isEqualTo("28000");
    assertThat(error.getMessage())
        .isEqualTo("the pg-lambda-proxy of this session has another secret than aws_lambda");
    assertThat(error.getHint())
        .startsWith(
            "Run " + INSTALL + " through the proxy, as its owner or a superuser, to renew it;");
    assertThat(error.getWhere()).isEqualTo(CONTEXT);
    assertThat(lambda.requests()).isEmpty();
    execute(renewed, cure);
    assertWorks(renewed);
    assertThat(errorThrough(old).getSQLState()).isEqualTo("28000");
  }

  @Test
  void aProxyWithANewSecretAtTheStoredAddress() throws Exception {
    installThrough(proxyBehindForwarder(SECRET));
    ProxyUnderTest renewed = proxyBehindForwarder(ANOTHER_SECRET);

    ServerErrorMessage error = errorOfSessionThatBypassesTheProxy();

    assertUnreachable(
        error,
        forwarder.address(),
        "FATAL:  password authentication failed for user \"pglambda\"",
        storedAddressHint());
    assertThat(error.getWhere()).endsWith(USERS_FRAMES);
    execute(renewed, INSTALL);
    assertWorksWithoutProxy();
  }

  private static String storedAddressHint() {
    return "This is the address stored when the extension was installed. Run "
        + INSTALL
        + " through the proxy, as its owner or a superuser, to renew address and secret.";
  }

  @Test
  void nobodyAtTheSessionsAddress() throws Exception {
    String nowhere = "127.0.0.1:" + FakeLambdaEndpoint.refusing().getPort();
    ProxyUnderTest misled = proxy(SECRET, nowhere);
    installThrough(misled);

    ServerErrorMessage error = errorThrough(misled);

    assertUnreachable(
        error,
        nowhere,
        "refused",
        "If the proxy has another address as seen from the server, start it with"
            + " --callback-address.");
    assertThat(error.getWhere()).isEqualTo(CONTEXT);
    assertWorks(proxyBehindForwarder(SECRET));
  }

  @Test
  void nobodyAtTheStoredAddress() throws Exception {
    ProxyUnderTest stopped = proxy(SECRET, "127.0.0.1");
    String address = "127.0.0.1:" + stopped.port();
    installThrough(stopped);
    stopped.close();

    ServerErrorMessage error = errorOfSessionThatBypassesTheProxy();

    assertUnreachable(error, address, "refused", storedAddressHint());
    assertThat(error.getWhere()).endsWith(USERS_FRAMES);
    execute(proxyBehindForwarder(SECRET), INSTALL);
    assertWorksWithoutProxy();
  }

  @Test
  void anotherProxyAtTheSessionsAddress() throws Exception {
    ProxyUnderTest proxy = proxyBehindForwarder(SECRET);
    installThrough(proxy);
    forwarder.target(proxy(ANOTHER_SECRET, "127.0.0.1").port());

    ServerErrorMessage error = errorThrough(proxy);

    assertUnreachable(
        error,
        forwarder.address(),
        "FATAL:  password authentication failed for user \"pglambda\"",
        notTheProxyHint());
    assertThat(error.getWhere()).isEqualTo(CONTEXT);
    forwarder.target(proxy.port());
    assertWorks(proxy);
  }

  private static String notTheProxyHint() {
    return "This is not the proxy of this session: start that one with --callback-address; proxies"
        + " before one database need the same --callback-secret.";
  }

  @Test
  void postgresqlItselfAtTheSessionsAddress() throws Exception {
    ProxyUnderTest proxy = proxyBehindForwarder(SECRET);
    installThrough(proxy);
    forwarder.target(postgres.port());

    ServerErrorMessage error = errorThrough(proxy);

    // libpq of 16 and newer does not even go on with a server that asks for no SCRAM.
    String cause =
        postgres.majorVersion() < 16
            ? "role \"pglambda\" does not exist"
            : "\"scram-sha-256\" failed";
    assertUnreachable(error, forwarder.address(), cause, notTheProxyHint());
    assertThat(error.getWhere()).isEqualTo(CONTEXT);
  }

  /** Only the session's own parameter sends it to the address from which it comes. */
  @Test
  void aListenerAtTheAddressOfASessionToWhichTheParameterWasCopied() throws Exception {
    ProxyUnderTest proxy = ProxyUnderTest.start(postgres, lambda, "--callback-secret", SECRET);
    proxies.add(proxy);
    installThrough(proxy);
    postgres.setHba("host all all 127.0.0.2/32 trust");
    String elsewhere =
        "jdbc:postgresql://%s:%d/%s?localSocketAddress=127.0.0.2"
            .formatted(postgres.host(), postgres.port(), database);
    try (ServerSocket listener =
            new ServerSocket(proxy.port(), 1, InetAddress.getByName("127.0.0.2"));
        Connection relayed = proxy.connect(database);
        Connection direct = DriverManager.getConnection(elsewhere, postgres.user(), "")) {
      listener.setSoTimeout(50);
      String parameter = Queries.row(relayed, "SHOW pglambda.callback");
      assertThat(parameter).startsWith("?127.0.0.1|");
      Queries.row(direct, "SELECT set_config('pglambda.callback', ?, false)", parameter);

      Queries.execute(direct, CALL);

      assertThat(lambda.requests()).hasSize(1);
      assertThatThrownBy(listener::accept).isInstanceOf(SocketTimeoutException.class);
      String moved = parameter.replace("?127.0.0.1|", "?127.0.0.2|");
      Queries.row(direct, "SELECT set_config('pglambda.callback', ?, false)", moved);
      assertThat(Queries.error(direct, CALL).getSQLState()).isEqualTo("28000");
    } finally {
      postgres.resetHba();
    }
  }

  @Test
  void somethingElseAtTheSessionsAddress() throws Exception {
    ProxyUnderTest proxy = proxyBehindForwarder(SECRET);
    installThrough(proxy);
    forwarder.target(lambda.uri().getPort());

    ServerErrorMessage error = errorThrough(proxy);

    assertThat(error.getSQLState()).isEqualTo("08001");
    assertThat(error.getDetail()).startsWith(NOT_CALLED);
    assertThat(error.getWhere()).isEqualTo(CONTEXT);
    assertThat(lambda.requests()).isEmpty();
  }
}
