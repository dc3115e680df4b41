package dev.pglambda.client.invoke;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.Forwarder;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.LogCapture;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyHeader;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.ServerErrorMessage;

/** From where PostgreSQL may call. */
class CallbackAllowTest {
  private static final String CALL = "SELECT payload FROM aws_lambda.invoke('echo', '1'::json)";
  private static final String REFUSAL =
      "no pg_hba.conf entry for host \"127.0.0.1\", user \"pglambda\", database \"pglambda_";

  private static LambdaDatabase database(String allow) {
    LambdaDatabase database =
        LambdaDatabase.of(PostgresServer.versions().get(0), "--callback-allow", allow);
    database.lambda().on("echo", Reply.echo());
    return database;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"all", "server", "127.0.0.0/8", "10.0.0.0/8,127.0.0.1", "10.1.2.3,server"})
  void servesWhoIsAllowed(String allow) throws Exception {
    try (LambdaDatabase database = database(allow);
        Connection connection = database.connect();
        Connection direct = database.connectDirectly()) {
      assertThat(Queries.row(connection, CALL)).isEqualTo("1");
      assertThat(Queries.row(direct, CALL)).isEqualTo("1");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.0/8", "127.0.0.2/32,::1"})
  void refusesWhoComesFromElsewhere(String allow) throws Exception {
    try (LambdaDatabase database = database(allow);
        Connection connection = database.connect()) {
      ServerErrorMessage error = Queries.error(connection, CALL);

      assertThat(error.getSQLState()).isEqualTo("08001");
      assertThat(error.getDetail()).contains("FATAL:  " + REFUSAL).contains(", no encryption");
      assertThat(database.lambda().requests()).isEmpty();
      try (Peer stranger = Peer.connect(database.proxy().port())) {
        stranger.send(Peer.startup("user", "pglambda", "database", "pglambda_" + "0".repeat(32)));
        assertThat(stranger.read().body()).startsWith("SFATAL\0VFATAL\0C28000\0M" + REFUSAL);
        assertThat(stranger.atEnd()).isTrue();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"'', 1", "all, 0", "192.0.2.7, 0"})
  void warnsOnceOfWhoComesFromElsewhereByDefault(String allow, int warnings) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("--proxy-protocol-from", "127.0.0.1"));
    if (!allow.isEmpty()) {
      arguments.addAll(List.of("--callback-allow", allow));
    }
    try (Forwarder balancer = Forwarder.start().beginWith(ProxyHeader.of("192.0.2.7"));
        LogCapture log = LogCapture.of("dev.pglambda.CallbackDatabase")) {
      arguments.addAll(List.of("--callback-address", balancer.address()));
      PostgresServer postgres = PostgresServer.of(PostgresServer.versions().get(0));
      String url =
          "jdbc:postgresql://%s/%s?sslmode=disable&user=postgres"
              .formatted(balancer.address(), postgres.createDatabase());
      try (FakeLambdaEndpoint lambda = FakeLambdaEndpoint.start();
          ProxyUnderTest proxy =
              ProxyUnderTest.start(postgres, lambda, arguments.toArray(String[]::new))) {
        lambda.on("echo", Reply.echo());
        balancer.target(proxy.port());
        for (int session = 0; session < 2; session++) {
          try (Connection connection = DriverManager.getConnection(url)) {
            Queries.execute(connection, "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE");
            assertThat(Queries.row(connection, CALL)).isEqualTo("1");
          }
        }
      }

      assertThat(log.lines())
          .hasSize(warnings)
          .allMatch(
              line ->
                  line.startsWith("PostgreSQL calls from 192.0.2.7, ")
                      && line.contains("set --callback-allow server,192.0.2.7, "));
    }
  }

  @Test
  void warnsNotOfThisMachine() throws Exception {
    try (LogCapture log = LogCapture.of("dev.pglambda.CallbackDatabase");
        LambdaDatabase database = LambdaDatabase.of(PostgresServer.versions().get(0));
        Connection connection = database.connect()) {
      database.lambda().on("echo", Reply.echo());

      assertThat(Queries.row(connection, CALL)).isEqualTo("1");

      assertThat(log.lines()).isEmpty();
    }
  }

  /** Its loopback is not that of this machine. */
  @Test
  void refusesTheClientOfALoadBalancer() throws Exception {
    try (ProxyUnderTest proxy =
            ProxyUnderTest.startBefore(
                "127.0.0.1:1", "--callback-allow", "server", "--proxy-protocol-from", "127.0.0.1");
        Peer client = Peer.connect(proxy.port())) {
      client.send(ProxyHeader.of("127.0.0.9"));
      client.send(Peer.startup("user", "pglambda", "database", "pglambda_" + "0".repeat(32)));

      assertThat(client.read().body())
          .startsWith("SFATAL\0VFATAL\0C28000\0Mno pg_hba.conf entry for host \"127.0.0.9\"");
      assertThat(client.atEnd()).isTrue();
    }
  }
}
