package dev.pglambda;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.callback.CallbackSecret;
import dev.pglambda.callback.HmacKey;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyProcess;
import dev.pglambda.testing.ReceivedRequest;
import dev.pglambda.testing.Reply;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The jar, configured by environment variables: ours, and those of the AWS SDK. */
@Timeout(120)
class EnvironmentIT {
  private static final String SECRET = "correct horse battery staple, and more";
  private static final String AWS_SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

  @TempDir private Path directory;

  private ProxyProcess.Builder configured(PostgresServer postgres) {
    return ProxyProcess.with()
        .variable("PGLAMBDA_LISTEN", "127.0.0.1:0")
        .variable("PGLAMBDA_BACKEND", postgres.host() + ":" + postgres.port())
        .variable("PGLAMBDA_DATA_DIR", directory.toString());
  }

  @Test
  void variablesStandInForOptions() throws Exception {
    PostgresServer postgres = PostgresServer.of("17");
    try (ProxyProcess proxy =
        configured(postgres)
            .variable("PGLAMBDA_LOG_FORMAT", "json")
            .variable("PGLAMBDA_LOG_LEVEL", "debug")
            .variable("PGLAMBDA_SAMPLE_FUNCTIONS", "on")
            .startAndAwait()) {
      assertThat(proxy.out().text())
          .contains("PostgreSQL  real: " + postgres.host() + ":" + postgres.port())
          .contains("as asked for by --sample-functions");
      assertThat(query(proxy, "SHOW server_version")).startsWith("17");
      assertThat(directory.resolve("installation-secret")).exists();
      assertThat(proxy.err().lines()).allMatch(line -> line.startsWith("{"));
    }
  }

  @Test
  void variablesOfTheAwsSdkReachTheEndpoint() throws Exception {
    PostgresServer postgres = PostgresServer.of("17");
    try (FakeLambdaEndpoint lambda = FakeLambdaEndpoint.start();
        ProxyProcess proxy =
            configured(postgres)
                .variable("AWS_ENDPOINT_URL_LAMBDA", lambda.uri().toString())
                .variable("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
                .variable("AWS_SECRET_ACCESS_KEY", AWS_SECRET_KEY)
                .variable("AWS_SESSION_TOKEN", "a session token")
                .variable("AWS_REGION", "eu-west-3")
                .startAndAwait()) {
      lambda.on("hello", Reply.json("{\"from\": \"the endpoint\"}"));
      assertThat(proxy.out().text())
          .contains("Lambda      real: endpoint in AWS_ENDPOINT_URL_LAMBDA, region eu-west-3");

      String payload = invoke(proxy, postgres, "hello");

      assertThat(payload).isEqualTo("{\"from\": \"the endpoint\"}");
      ReceivedRequest request = lambda.onlyRequest();
      assertThat(request.accessKeyId()).isEqualTo("AKIDEXAMPLE");
      assertThat(request.signingRegion()).isEqualTo("eu-west-3");
      assertThat(request.header("X-Amz-Security-Token")).isEqualTo("a session token");
      assertThat(outputOf(proxy)).doesNotContain(AWS_SECRET_KEY, "a session token");
    }
  }

  @Test
  void dummyCredentialsSignForAnEndpointWhenThereAreNone() throws Exception {
    PostgresServer postgres = PostgresServer.of("17");
    try (FakeLambdaEndpoint lambda = FakeLambdaEndpoint.start();
        ProxyProcess proxy =
            configured(postgres)
                .variable("AWS_ENDPOINT_URL_LAMBDA", lambda.uri().toString())
                .startAndAwait()) {
      lambda.on("hello", Reply.json("1"));
      assertThat(invoke(proxy, postgres, "hello")).isEqualTo("1");
      assertThat(lambda.onlyRequest().accessKeyId()).isEqualTo("test");
      assertThat(lambda.onlyRequest().signingRegion()).isEqualTo("us-east-1");
    }
  }

  @Test
  void secretAppearsNowhere() throws Exception {
    PostgresServer postgres = PostgresServer.of("17");
    StringBuilder seen = new StringBuilder();
    try (ProxyProcess proxy =
        configured(postgres)
            .variable("PGLAMBDA_CALLBACK_SECRET", SECRET)
            .variable("PGLAMBDA_LOG_LEVEL", "trace")
            .variable("PGLAMBDA_SAMPLE_FUNCTIONS", "on")
            .startAndAwait()) {
      assertThat(invoke(proxy, postgres, "echo")).isEqualTo("{}");
      assertThatThrownBy(() -> invoke(proxy, postgres, "fail"))
          .isInstanceOfSatisfying(SQLException.class, e -> seen.append(e));
      assertThatThrownBy(() -> query(proxy, "CREATE EXTENSION aws_lambda VERSION 'none'"))
          .isInstanceOfSatisfying(SQLException.class, e -> seen.append(e));
      proxy.terminate();
      proxy.awaitExit();
      seen.append(outputOf(proxy));
    }
    HmacKey callback = CallbackSecret.of(SECRET.getBytes(UTF_8)).callbackKey();
    assertThat(seen.toString())
        .contains("aws_lambda")
        .doesNotContain(
            List.of(
                SECRET,
                HexFormat.of().formatHex(SECRET.getBytes(UTF_8)),
                HexFormat.of().formatHex(callback.innerPad()),
                HexFormat.of().formatHex(callback.outerPad())));
    assertThat(directory).as("a configured secret is not written").isEmptyDirectory();
  }

  private static String outputOf(ProxyProcess proxy) {
    return proxy.out().text() + "\n" + proxy.err().text();
  }

  /** Invokes a function in a database of its own. */
  private static String invoke(ProxyProcess proxy, PostgresServer postgres, String function)
      throws SQLException {
    try (Connection client = proxy.connectTo(postgres.createDatabase());
        Statement statement = client.createStatement()) {
      statement.execute("CREATE EXTENSION aws_lambda CASCADE");
      String sql = "SELECT payload FROM aws_lambda.invoke('" + function + "', '{}'::json)";
      try (ResultSet rows = statement.executeQuery(sql)) {
        rows.next();
        return rows.getString(1);
      }
    }
  }

  private static String query(ProxyProcess proxy, String sql) throws SQLException {
    try (Connection client = proxy.connect();
        Statement statement = client.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }
}
