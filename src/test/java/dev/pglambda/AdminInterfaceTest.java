package dev.pglambda;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The administration of a whole proxy. */
@Timeout(120)
class AdminInterfaceTest {
  private static final String NOBODY = "127.0.0.1:1";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http = HttpClient.newHttpClient();

  private JsonNode json(URI uri, String method) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(uri).method(method, HttpRequest.BodyPublishers.noBody()).build();
    return JSON.readTree(http.send(request, HttpResponse.BodyHandlers.ofString()).body());
  }

  @Test
  void showsACallFromSqlAndMakesItOnceMore() throws Exception {
    List<String> versions = PostgresServer.versions();
    String newest = versions.get(versions.size() - 1);
    try (LambdaDatabase database = LambdaDatabase.of(newest, "--admin", "127.0.0.1:0");
        Connection connection = database.connect("ApplicationName=shop")) {
      URI admin = database.proxy().admin();
      database.lambda().on("notify-order", Reply.json("{\"sent\": true}"));
      Queries.execute(connection, "SELECT aws_lambda.invoke('notify-order', '{\"id\":  1}'::json)");

      JsonNode call =
          json(admin.resolve("/api/invocations?function=notify-order"), "GET").at("/invocations/0");
      JsonNode replay =
          json(admin.resolve("/api/invocations/" + call.get("id") + "/replay"), "POST");

      assertThat(call.get("payload").asText()).isEqualTo("{\"id\":  1}");
      assertThat(call.get("response").asText()).isEqualTo("{\"sent\": true}");
      assertThat(replay.get("replay_of")).isEqualTo(call.get("id"));
      assertThat(replay.get("response")).isEqualTo(call.get("response"));
      assertThat(database.lambda().requests("notify-order"))
          .hasSize(2)
          .allSatisfy(request -> assertThat(request.text()).isEqualTo("{\"id\":  1}"));
      JsonNode session = json(admin.resolve("/api/sessions"), "GET").at("/sessions/0");
      assertThat(session.get("database").asText()).isEqualTo(database.name());
      assertThat(session.get("role").asText()).isEqualTo("postgres");
      assertThat(session.get("application_name").asText()).isEqualTo("shop");
      assertThat(session.get("server_process").asText())
          .isEqualTo(Queries.row(connection, "SELECT pg_backend_pid()"));
      assertThat(json(admin.resolve("/health/ready"), "GET").get("status").asText())
          .isEqualTo("ready");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0:0", ":0", "[::]:0"})
  void asksForATokenWhereOtherMachinesReachIt(String address) throws Exception {
    assertThatThrownBy(() -> ProxyUnderTest.startBefore(NOBODY, "--admin", address).close())
        .isInstanceOf(StartException.class)
        .hasMessage(
            "--admin: \"%s\" (expected: an address of this machine, or --admin-token beside it)"
                .formatted(address));

    ProxyUnderTest.startBefore(NOBODY, "--admin", address, "--admin-token", "a-token-for-the-tests")
        .close();
  }

  @Test
  void doesNotStartWhereThePortIsTakenThatTheUserWants() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String address = "127.0.0.1:" + taken.getLocalPort();

      assertThatThrownBy(() -> ProxyUnderTest.startBefore(NOBODY, "--admin", address).close())
          .isInstanceOf(StartException.class)
          .hasMessageStartingWith("--admin " + address + ": ")
          .hasMessageEndingWith(" (expected: an address of this machine and a free port)");
    }
  }

  @Test
  void loadsNothingAndStartsNoThreadWhereItIsOff(@TempDir Path directory) throws Exception {
    Path classes = directory.resolve("classes");
    Process proxy =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xlog:class+load:file=" + classes,
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "--backend",
                NOBODY,
                "--listen",
                "127.0.0.1:0",
                "--region",
                "us-east-1",
                "--data-dir",
                directory.resolve("data").toString())
            .redirectErrorStream(true)
            .start();
    try (BufferedReader out = proxy.inputReader(UTF_8)) {
      String line = out.readLine();
      while (line != null && !line.contains("  psql ")) {
        assertThat(line).doesNotContain("  Calls ");
        line = out.readLine();
      }
    } finally {
      proxy.destroy();
      assertThat(proxy.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }

    assertThat(Files.readString(classes))
        .contains("dev.pglambda.ProxyServer ")
        .doesNotContain("dev.pglambda.admin.", "dev.pglambda.AdminInterface", "io.prometheus.");
  }
}
