package dev.pglambda.client.install;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.Forwarder;
import dev.pglambda.testing.Forwarder.Direction;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.TestCertificates;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A database in which a version of the proxy has installed the extension that had no TLS for calls:
 * they go on without it, until ALTER EXTENSION brings it up to date.
 */
class InstalledBeforeTlsTest {
  private static final String CALL =
      "SELECT payload FROM aws_lambda.invoke('echo', '\"payload\"'::json)";

  /** That version's script, as it was. */
  private static String script() throws IOException {
    String name = "before_tls/aws_lambda--1.0.sql";
    try (InputStream in = InstalledBeforeTlsTest.class.getResourceAsStream(name)) {
      String text =
          new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.US_ASCII);
      return text.replaceAll("(?m)^\\\\.*$", "");
    }
  }

  @ParameterizedTest
  @MethodSource("dev.pglambda.testing.PostgresServer#versions")
  void callsAsBeforeAndIsBroughtUpToDate(String version) throws Exception {
    PostgresServer postgres = PostgresServer.of(version);
    String database = postgres.createDatabase();
    try (FakeLambdaEndpoint lambda = FakeLambdaEndpoint.start();
        Forwarder forwarder = Forwarder.start();
        ProxyUnderTest proxy =
            ProxyUnderTest.start(
                postgres,
                lambda,
                TestCertificates.shown("server", "--callback-address", forwarder.address()))) {
      lambda.on("echo", Reply.echo());
      forwarder.target(proxy.port());
      try (Connection connection = proxy.connect(database)) {
        Queries.execute(connection, "CREATE EXTENSION aws_commons");
      }
      try (Connection connection = postgres.connect(database)) {
        Queries.execute(connection, "SET check_function_bodies = off", script());
      }

      // Address and keys are renewed, and nothing else.
      execute(proxy, database, "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE");
      assertThat(passed(forwarder, proxy, postgres, database)).contains("payload");

      execute(proxy, database, "ALTER EXTENSION aws_lambda UPDATE");
      assertThat(passed(forwarder, proxy, postgres, database)).doesNotContain("payload");
    }
  }

  private static void execute(ProxyUnderTest proxy, String database, String statement)
      throws Exception {
    try (Connection connection = proxy.connect(database)) {
      Queries.execute(connection, statement);
    }
  }

  /** What a call through the proxy, and one by the stored address, have sent. */
  private static String passed(
      Forwarder forwarder, ProxyUnderTest proxy, PostgresServer postgres, String database)
      throws Exception {
    StringBuilder passed = new StringBuilder();
    try (Connection through = proxy.connect(database);
        Connection past = postgres.connect(database)) {
      for (Connection connection : new Connection[] {through, past}) {
        int opened = forwarder.opened();
        assertThat(Queries.row(connection, CALL)).isEqualTo("\"payload\"");
        assertThat(forwarder.opened()).isEqualTo(opened + 1);
        passed.append(forwarder.passed(Direction.TO_TARGET));
      }
    }
    return passed.toString();
  }
}
