package dev.pglambda.client.invoke;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.pglambda.StartException;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.Forwarder;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** Proxies that share a server, that stop, and sessions that come through none of them. */
@ParameterizedClass
@MethodSource("versions")
class SeveralProxiesTest {
  private static final String INSTALL = "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE";
  private static final String SECRET = "one secret of at least 32 octets";
  private static final String HELLO = "SELECT payload FROM aws_lambda.invoke('hello', '{}'::json)";
  private static final String HELD = "SELECT payload FROM aws_lambda.invoke('held', '{}'::json)";

  private final PostgresServer postgres;
  private final String database;
  private final Forwarder forwarder;
  private final List<AutoCloseable> opened = new ArrayList<>();

  SeveralProxiesTest(String version) throws IOException, SQLException {
    postgres = PostgresServer.of(version);
    database = postgres.createDatabase();
    forwarder = Forwarder.start();
    opened.add(forwarder);
  }

  static List<String> versions() {
    return PostgresServer.versions();
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : opened) {
      one.close();
    }
  }

  /** A Lambda whose function says which one it is. */
  private FakeLambdaEndpoint lambda(String name) {
    FakeLambdaEndpoint lambda = FakeLambdaEndpoint.start();
    opened.add(lambda);
    return lambda
        .on("hello", Reply.json("\"hello from " + name + "\""))
        .on("held", Reply.json("{}").held());
  }

  private ProxyUnderTest proxy(FakeLambdaEndpoint lambda, String... arguments)
      throws IOException, StartException, InterruptedException {
    ProxyUnderTest proxy = ProxyUnderTest.start(postgres, lambda, arguments);
    opened.add(proxy);
    return proxy;
  }

  private ProxyUnderTest proxyWithSecret(FakeLambdaEndpoint lambda) throws Exception {
    return proxy(lambda, "--callback-secret", SECRET);
  }

  /** One whose sessions, and those of no proxy, call it back at the forwarder. */
  private ProxyUnderTest proxyBehindForwarder(FakeLambdaEndpoint lambda) throws Exception {
    ProxyUnderTest proxy =
        proxy(lambda, "--callback-secret", SECRET, "--callback-address", forwarder.address());
    forwarder.target(proxy.port());
    return proxy;
  }

  private static void execute(Connection opened, String... statements) throws SQLException {
    try (Connection connection = opened) {
      Queries.execute(connection, statements);
    }
  }

  private static String row(Connection opened, String sql) throws SQLException {
    try (Connection connection = opened) {
      return Queries.row(connection, sql);
    }
  }

  private static ServerErrorMessage errorOf(CompletableFuture<?> call) {
    ExecutionException failure = catchThrowableOfType(ExecutionException.class, call::get);
    if (failure != null && failure.getCause() instanceof PSQLException error) {
      return Queries.error(error);
    }
    throw new AssertionError("not an error of the server's: " + failure);
  }

  @Test
  void withOneSecretServeOneDatabaseSideBySide() throws Exception {
    ProxyUnderTest first = proxyWithSecret(lambda("first"));
    ProxyUnderTest second = proxyWithSecret(lambda("second"));
    execute(first.connect(database), INSTALL);

    assertThat(row(first.connect(database), HELLO)).isEqualTo("\"hello from first\"");
    assertThat(row(second.connect(database), HELLO)).isEqualTo("\"hello from second\"");
    assertThat(row(postgres.connect(database), HELLO)).isEqualTo("\"hello from first\"");

    execute(second.connect(database), INSTALL);

    assertThat(row(first.connect(database), HELLO)).isEqualTo("\"hello from first\"");
    assertThat(row(postgres.connect(database), HELLO)).isEqualTo("\"hello from second\"");
  }

  @Test
  void withSecretsOfTheirOwnServeDatabasesOfTheirOwn() throws Exception {
    ProxyUnderTest first = proxy(lambda("first"));
    ProxyUnderTest second = proxy(lambda("second"));
    String other = postgres.createDatabase();
    execute(first.connect(database), INSTALL);
    execute(second.connect(other), INSTALL);

    assertThat(row(first.connect(database), HELLO)).isEqualTo("\"hello from first\"");
    assertThat(row(second.connect(other), HELLO)).isEqualTo("\"hello from second\"");
    try (Connection crossed = second.connect(database)) {
      assertThat(Queries.error(crossed, HELLO).getSQLState()).isEqualTo("28000");
    }
  }

  @Test
  void oneOfThemServesTwoDatabases() throws Exception {
    ProxyUnderTest proxy = proxy(lambda("it"));
    String other = postgres.createDatabase();
    execute(proxy.connect(database), INSTALL);
    execute(proxy.connect(other), INSTALL);

    execute(proxy.connect(other), HELLO, "DROP EXTENSION aws_lambda");

    assertThat(row(proxy.connect(database), HELLO)).isEqualTo("\"hello from it\"");
    try (Connection dropped = proxy.connect(other)) {
      // In a sub-query, where the proxy does not serve it.
      assertThat(Queries.error(dropped, "SELECT (" + HELLO + ")").getSQLState()).isEqualTo("3F000");
    }
  }

  @Test
  void areReachedByWhomTheyDoNotRelayAsLongAsHeMayCall() throws Exception {
    FakeLambdaEndpoint lambda = lambda("it");
    ProxyUnderTest proxy = proxy(lambda);
    String role = "bypassing_" + postgres.majorVersion();
    execute(proxy.connect(database), INSTALL, "CREATE ROLE " + role + " LOGIN");
    try (Connection direct = postgres.connect(database, role, "")) {
      assertThat(Queries.error(direct, HELLO).getMessage())
          .isEqualTo("permission denied for schema aws_lambda");
      execute(
          postgres.connect(database),
          "GRANT USAGE ON SCHEMA aws_lambda TO " + role,
          "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_lambda TO " + role);

      assertThat(Queries.row(direct, HELLO)).isEqualTo("\"hello from it\"");

      Queries.execute(direct, "SET statement_timeout = '1s'");
      assertThat(Queries.error(direct, HELD).getSQLState()).isEqualTo("57014");
      lambda.awaitAborted(1);
      Queries.execute(
          direct, "SET statement_timeout = 0", "SET aws_lambda.request_timeout_ms = 50");
      assertThat(Queries.error(direct, HELD).getSQLState()).isEqualTo("38000");
      Queries.execute(direct, "RESET aws_lambda.request_timeout_ms");
      assertThat(Queries.row(direct, HELLO)).isEqualTo("\"hello from it\"");
    } finally {
      execute(postgres.connect(database), "DROP OWNED BY " + role, "DROP ROLE " + role);
    }
  }

  @Test
  void areCalledByASessionWhoseLinkIsOlderThanTheKeys() throws Exception {
    ProxyUnderTest proxy = proxyBehindForwarder(lambda("it"));
    execute(proxy.connect(database), INSTALL);
    try (Connection relayed = proxy.connect(database);
        Connection direct = postgres.connect(database)) {
      Queries.row(relayed, HELLO);
      Queries.row(direct, HELLO);

      execute(proxy.connect(database), "DROP EXTENSION aws_lambda", INSTALL);
      String first = Queries.row(direct, "SELECT installation FROM pglambda.settings");
      ProxyUnderTest another = proxyBehindForwarder(lambda("another"));
      execute(another.connect(database), "DROP EXTENSION aws_lambda", INSTALL);
      assertThat(Queries.row(direct, "SELECT installation FROM pglambda.settings"))
          .isNotEqualTo(first);

      assertThat(Queries.row(relayed, HELLO)).startsWith("\"hello from ");
      assertThat(Queries.row(direct, HELLO)).startsWith("\"hello from ");
    }
  }

  @Test
  void endTheirCallsAndTellTheirClientsWhenTheyStop() throws Exception {
    FakeLambdaEndpoint lambda = lambda("it");
    ProxyUnderTest proxy = proxyBehindForwarder(lambda);
    execute(proxy.connect(database), INSTALL);
    try (Connection relayed = proxy.connect(database);
        Connection direct = postgres.connect(database);
        Statement ofRelayed = relayed.createStatement();
        Statement ofDirect = direct.createStatement()) {
      Queries.execute(relayed, "SET aws_lambda.request_timeout_ms = 60000");
      Queries.execute(direct, "SET aws_lambda.request_timeout_ms = 60000");
      CompletableFuture<?> callOfRelayed = Queries.inBackground(ofRelayed, HELD);
      CompletableFuture<?> callOfDirect = Queries.inBackground(ofDirect, HELD);
      lambda.awaitRequests(2);

      proxy.close();

      lambda.awaitAborted(2);
      ServerErrorMessage ofSession = errorOf(callOfRelayed);
      assertThat(ofSession.getSeverity()).isEqualTo("FATAL");
      assertThat(ofSession.getSQLState()).isEqualTo("57P01");
      assertThat(ofSession.getMessage())
          .isEqualTo("terminating connection due to administrator command");
      ServerErrorMessage ofCall = errorOf(callOfDirect);
      assertThat(ofCall.getSQLState()).isEqualTo("08006"); // dblink keeps the last error: a close
      assertThat(ofCall.getDetail())
          .startsWith("Whether the Lambda function ran is unknown; the call was not repeated.");
      assertThat(lambda.requests()).hasSize(2);

      proxyBehindForwarder(lambda);
      assertThat(Queries.row(direct, HELLO)).isEqualTo("\"hello from it\"");
      assertThat(lambda.requests()).hasSize(3);
    }
  }

  @Test
  void areFoundAgainAfterARestartByASessionThatHasCalledBefore() throws Exception {
    FakeLambdaEndpoint lambda = lambda("it");
    ProxyUnderTest proxy = proxyBehindForwarder(lambda);
    execute(proxy.connect(database), INSTALL);
    try (Connection direct = postgres.connect(database)) {
      Queries.row(direct, HELLO);
      proxy.close();
      proxyBehindForwarder(lambda);

      assertThat(Queries.row(direct, HELLO)).isEqualTo("\"hello from it\"");
      assertThat(lambda.requests()).hasSize(2);
    }
  }
}
