package dev.pglambda.client.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage.NotificationResponse;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Psql;
import dev.pglambda.testing.Psql.Output;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.WireClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Files and notifications through the proxy: COPY, large objects by FunctionCall, LISTEN. */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("dev.pglambda.testing.LambdaDatabase#oldestAndNewestVersion")
class TransferTest {
  private final String version;
  private LambdaDatabase database;

  @TempDir private Path directory;

  TransferTest(String version) {
    this.version = version;
  }

  @BeforeEach
  void start() {
    database = LambdaDatabase.withoutExtension(version);
  }

  @AfterEach
  void stop() throws SQLException {
    database.close();
    database.postgres().dropDatabase(database.name());
  }

  @Test
  void psqlCopiesFilesInAndOut() throws Exception {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 200_000; i++) {
      lines.append(i).append("\tthe text of line ").append(i).append('\n');
    }
    Path in = Files.writeString(directory.resolve("in"), lines);
    Path out = directory.resolve("out");

    Output output =
        Psql.throughProxy(database)
            .run(
                """
                CREATE TABLE copied (n int, line text);
                \\copy copied from '%s'
                \\copy copied to '%s'
                \\copy copied from '/dev/null'
                \\copy (SELECT 1/0) to '%2$s.not'
                SELECT count(*) FROM copied;
                """
                    .formatted(in, out));

    assertThat(output.text())
        .contains("COPY 200000\nCOPY 200000\nCOPY 0\n", "ERROR:  division by zero", " 200000\n");
    assertThat(out).hasSameBinaryContentAs(in);
  }

  @Test
  void psqlImportsAndExportsLargeObjects() throws Exception {
    byte[] content = new byte[3_000_001];
    new Random(4).nextBytes(content);
    Path in = Files.write(directory.resolve("in"), content);
    Path out = directory.resolve("out");

    Output output =
        Psql.throughProxy(database)
            .run(
                """
                \\lo_import '%s'
                \\lo_export :LASTOID '%s'
                \\lo_unlink :LASTOID
                \\lo_export :LASTOID '%2$s.not'
                SELECT count(*) FROM pg_largeobject;
                """
                    .formatted(in, out));

    assertThat(output.text()).contains("lo_import ", "lo_export\n", "lo_unlink ", "does not exist");
    assertThat(output.text()).contains(" 0\n");
    assertThat(out).hasSameBinaryContentAs(in);
  }

  @Test
  void anIdleClientIsNotifiedAtOnce() throws Exception {
    try (WireClient listener =
            WireClient.connect(
                database.proxy().host(),
                database.proxy().port(),
                database.postgres().user(),
                database.name(),
                null);
        Connection notifier = database.postgres().connect(database.name())) {
      listener.query("LISTEN news").readUntilReady();
      for (int i = 0; i < 100; i++) {
        String payload = "x".repeat(i * 79);
        Queries.execute(notifier, "NOTIFY news, '" + payload + "'");
        assertThat(listener.read())
            .isInstanceOfSatisfying(
                NotificationResponse.class,
                notification -> assertThat(notification.payload()).isEqualTo(payload));
      }
      assertThat(listener.query("SELECT 1").readUntilReady())
          .hasSize(4)
          .last()
          .isInstanceOf(ReadyForQuery.class);
    }
  }
}
