package dev.pglambda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.ProxyProcess;
import dev.pglambda.testing.ReceivedRequest;
import dev.pglambda.testing.Reply;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.Testcontainers;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * The jar on this machine before an unmodified PostgreSQL in a container, which calls it back
 * through the container's network.
 */
@Timeout(300)
class ContainerIT {
  private static final String IMAGE = "postgres:17";
  private static final int POSTGRES_PORT = 5432;
  private static final String PASSWORD = "a password";

  /** How a container reaches ports of this machine (Testcontainers, "Exposing host ports"). */
  private static final String HOST_SEEN_FROM_CONTAINERS = "host.testcontainers.internal";

  @TempDir private static Path directory;
  private static @Nullable GenericContainer<?> postgres;
  private static @Nullable FakeLambdaEndpoint lambda;
  private static @Nullable ProxyProcess proxy;

  @BeforeAll
  static void startPostgresAndTheProxy() throws Exception {
    Assumptions.assumeTrue(
        DockerClientFactory.instance().isDockerAvailable(),
        "no Docker on this machine: nothing is shown about PostgreSQL in a container");
    // A container must know the port before it starts, and the proxy the container's.
    int port = FakeLambdaEndpoint.refusing().getPort();
    Testcontainers.exposeHostPorts(port);
    GenericContainer<?> container = container();
    postgres = container;
    container.start();
    FakeLambdaEndpoint endpoint = FakeLambdaEndpoint.start();
    lambda = endpoint;
    proxy =
        ProxyProcess.with("--listen", "127.0.0.1:" + port, "--data-dir", directory.toString())
            .arguments(
                "--backend", container.getHost() + ":" + container.getMappedPort(POSTGRES_PORT))
            .arguments("--callback-address", HOST_SEEN_FROM_CONTAINERS)
            .arguments("--lambda-endpoint", endpoint.uri().toString())
            .startAndAwait();
    try (Connection client = connect();
        Statement statement = client.createStatement()) {
      statement.execute("CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE");
      // The way through the container's network and Docker's proxies is slow where CI is.
      statement.execute("ALTER ROLE postgres SET aws_lambda.request_timeout_ms = 20000");
    }
  }

  private static GenericContainer<?> container() {
    return new GenericContainer<>(DockerImageName.parse(IMAGE))
        .withEnv("POSTGRES_PASSWORD", PASSWORD)
        .withExposedPorts(POSTGRES_PORT)
        .withAccessToHost(true)
        // The image starts the server twice: the first time only to set it up.
        .waitingFor(Wait.forLogMessage(".*database system is ready to accept connections.*", 2))
        .withStartupTimeout(Duration.ofMinutes(3));
  }

  @AfterAll
  static void stop() {
    if (proxy != null) {
      proxy.close();
    }
    if (lambda != null) {
      lambda.close();
    }
    if (postgres != null) {
      postgres.stop();
    }
  }

  @Test
  void invokeReturnsWhatTheEndpointAnswers() throws SQLException {
    lambda().on("hello", Reply.json("{\"hello\": \"container\"}"));
    try (Connection client = connect();
        Statement statement = client.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT status_code, payload FROM aws_lambda.invoke('hello', '{\"a\":"
                    + " 1}'::json)")) {
      assertThat(rows.next()).isTrue();
      assertThat(rows.getInt(1)).isEqualTo(200);
      assertThat(rows.getString(2)).isEqualTo("{\"hello\": \"container\"}");
    }
    assertThat(lambda().requests("hello"))
        .extracting(ReceivedRequest::text)
        .containsExactly("{\"a\": 1}");
  }

  @Test
  void triggerSendsAnEventForEachRow() throws SQLException {
    lambda().on("row_inserted", Reply.json("null"));
    try (Connection client = connect();
        Statement statement = client.createStatement()) {
      statement.execute(
          """
          CREATE TABLE notes (id int, text text);
          CREATE FUNCTION tell_lambda() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            PERFORM * FROM aws_lambda.invoke(
              aws_commons.create_lambda_function_arn('row_inserted', 'us-east-1'), to_json(NEW), 'Event');
            RETURN NEW;
          END $$;
          CREATE TRIGGER tell_lambda AFTER INSERT ON notes FOR EACH ROW EXECUTE FUNCTION tell_lambda()
          """);
      statement.execute("INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, 3) AS n");
    }
    assertThat(lambda().requests("row_inserted"))
        .allMatch(request -> "Event".equals(request.header("X-Amz-Invocation-Type")))
        .extracting(ReceivedRequest::text)
        .containsExactly(
            "{\"id\":1,\"text\":\"note 1\"}",
            "{\"id\":2,\"text\":\"note 2\"}",
            "{\"id\":3,\"text\":\"note 3\"}");
  }

  private static Connection connect() throws SQLException {
    if (proxy == null) {
      throw new IllegalStateException("not started");
    }
    return proxy.connect("postgres", "postgres", PASSWORD);
  }

  private static FakeLambdaEndpoint lambda() {
    if (lambda == null) {
      throw new IllegalStateException("not started");
    }
    return lambda;
  }
}
