package dev.pglambda.client.replication;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.client.wire.Talk;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.CopyBothResponse;
import dev.pglambda.protocol.BackendMessage.CopyData;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Streams of changes (manual, "Streaming Replication Protocol"), message by message: each
 * conversation is held with the server directly and through the proxy.
 */
@ParameterizedClass(name = "{0}")
@MethodSource("servers")
class ReplicationTest {
  private final StreamingServer server;

  ReplicationTest(StreamingServer server) {
    this.server = server;
  }

  static Stream<StreamingServer> servers() {
    return StreamingServer.ofOldestAndNewestVersion();
  }

  @BeforeEach
  void createTable() throws Exception {
    server.execute("CREATE TABLE orders (id serial PRIMARY KEY, note text)");
    server.execute("CREATE PUBLICATION changes FOR TABLE orders");
  }

  @AfterEach
  void dropTable() throws Exception {
    server.execute("DROP PUBLICATION IF EXISTS changes", "DROP TABLE orders");
  }

  /** What is said after a stream has begun; both connections get the same. */
  private interface Talk {
    /**
     * @param said receives what is to be compared
     */
    void hold(WireClient client, List<String> said) throws Exception;
  }

  private void assertSameDirectlyAndThroughProxy(String mode, Talk talk) throws Exception {
    List<String> direct = hold(server.postgres().host(), server.postgres().port(), mode, talk);
    List<String> proxied = hold(server.proxy().host(), server.proxy().port(), mode, talk);
    assertThat(proxied).isEqualTo(direct).isNotEmpty();
  }

  private List<String> hold(String host, int port, String mode, Talk talk) throws Exception {
    try (WireClient client = WireClient.open(host, port)) {
      List<BackendMessage> answer = client.startUp(server.replication(mode), null);
      assertThat(answer.get(answer.size() - 1)).isInstanceOf(ReadyForQuery.class);
      List<String> said = new ArrayList<>();
      talk.hold(client, said);
      return said;
    }
  }

  @Test
  void aPhysicalStreamEndsByTheClientAndTheSessionGoesOn() throws Exception {
    assertSameDirectlyAndThroughProxy(
        "true",
        (client, said) -> {
          begin(client, "START_REPLICATION PHYSICAL " + position(client));
          server.execute("INSERT INTO orders (note) VALUES ('streamed')");
          assertThat(readUntil(client, 'w', "streamed")).contains("streamed");
          client.copyData(statusUpdate()).copyDone();
          said.addAll(names(client.readUntilReady()));
          said.addAll(names(client.query("IDENTIFY_SYSTEM").readUntilReady()));
          said.add(String.valueOf(client.query("SHOW wal_level").readUntilReady()));
        });
  }

  @Test
  void aLogicalStreamEndsByTheClientAndTheSessionGoesOn() throws Exception {
    assertSameDirectlyAndThroughProxy(
        "database",
        (client, said) -> {
          client.query("CREATE_REPLICATION_SLOT stream TEMPORARY LOGICAL pgoutput");
          said.addAll(names(client.readUntilReady()));
          begin(client, startLogical());
          server.execute("INSERT INTO orders (note) VALUES (repeat('long ', 400000))");
          assertThat(readUntil(client, 'w', "long ")).hasSizeGreaterThan(2_000_000);
          client.copyData(statusUpdate()).copyDone();
          said.addAll(names(client.readUntilReady()));
          said.add(String.valueOf(client.query("SELECT 1; SELECT 2").readUntilReady()));
          client.query("DROP_REPLICATION_SLOT stream");
          said.add(String.valueOf(client.readUntilReady()));
        });
  }

  @Test
  void aSecondStreamFollowsTheFirstInOneWrite() throws Exception {
    assertSameDirectlyAndThroughProxy(
        "true",
        (client, said) -> {
          begin(client, "START_REPLICATION PHYSICAL " + position(client));
          String again =
              "START_REPLICATION PHYSICAL " + server.row("SELECT pg_current_wal_flush_lsn()");
          client.copyDone().query("SHOW wal_level").query(again);
          said.addAll(names(client.readUntilReady()));
          said.addAll(names(client.readUntilReady()));
          begun(client);
          client.copyDone().query("SHOW wal_level");
          said.addAll(names(client.readUntilReady()));
          said.addAll(names(client.readUntilReady()));
        });
  }

  @Test
  void anErrorOfTheServerEndsAStreamAndTheSessionGoesOn() throws Exception {
    assertSameDirectlyAndThroughProxy(
        "true",
        (client, said) -> {
          begin(client, "START_REPLICATION PHYSICAL 0/100"); // no server has ever had this segment
          List<BackendMessage> answer = client.readUntilReady();
          said.addAll(names(answer));
          said.add(
              answer.stream()
                  .filter(ErrorResponse.class::isInstance)
                  .map(message -> ((ErrorResponse) message).message())
                  .toList()
                  .toString());
          said.add(String.valueOf(client.query("SHOW wal_level").readUntilReady()));
        });
  }

  @Test
  void theExtendedProtocolIsRefusedByTheServer() throws Exception {
    assertSameDirectlyAndThroughProxy(
        "true",
        (client, said) -> {
          client.parse("", "SELECT 1").bind("", "", List.of()).execute("", 0).sync();
          said.addAll(names(client.readUntilReady()));
          said.addAll(names(client.query("SHOW wal_level").readUntilReady()));
        });
  }

  @Test
  void aStreamThatTheServerTerminatesEndsWithItsOwnError() throws Exception {
    assertSameDirectlyAndThroughProxy(
        "true",
        (client, said) -> {
          begin(client, "START_REPLICATION PHYSICAL " + position(client));
          server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_replication");
          List<BackendMessage> answer = client.readUntilReady();
          said.addAll(names(answer));
          said.add(
              ((ErrorResponse) answer.get(answer.size() - 1)).sqlState()
                  + " closed: "
                  + client.readEnd());
          server.await("SELECT count(*) FROM pg_stat_replication", "0");
        });
  }

  @Test
  void theServersStreamEndsWhenTheClientIsGone() throws Exception {
    assertSameDirectlyAndThroughProxy(
        "true",
        (client, said) -> {
          begin(client, "START_REPLICATION PHYSICAL " + position(client));
          said.add(server.row("SELECT state IS NOT NULL FROM pg_stat_replication"));
          client.close();
          server.await("SELECT count(*) FROM pg_stat_replication", "0");
        });
  }

  @Test
  void aBaseBackupIsTheSame() throws Exception {
    assertSameDirectlyAndThroughProxy(
        "true",
        (client, said) -> {
          boolean options = server.postgres().majorVersion() >= 15;
          client.query(
              options ? "BASE_BACKUP (CHECKPOINT 'fast', WAIT false)" : "BASE_BACKUP FAST NOWAIT");
          long bytes = 0;
          String last = "";
          while (true) {
            BackendMessage message = Objects.requireNonNull(client.read());
            if (message instanceof CopyData data) {
              bytes += data.data().remaining();
            } else if (!message.name().equals(last)) {
              last = message.name();
              said.add(last);
            }
            if (message instanceof ReadyForQuery) {
              break;
            }
          }
          assertThat(bytes).isGreaterThan(20_000_000);
          said.addAll(names(client.query("SHOW wal_level").readUntilReady()));
        });
  }

  private static String startLogical() {
    return "START_REPLICATION SLOT stream LOGICAL 0/0 (proto_version '1', publication_names"
        + " 'changes')";
  }

  private static String position(WireClient client) throws IOException {
    return client.query("IDENTIFY_SYSTEM").readUntilReady().stream()
        .filter(DataRow.class::isInstance)
        .map(row -> Objects.requireNonNull(((DataRow) row).text(2)))
        .findFirst()
        .orElseThrow();
  }

  private static void begin(WireClient client, String command) throws IOException {
    client.query(command);
    begun(client);
  }

  private static void begun(WireClient client) throws IOException {
    assertThat(client.read()).isInstanceOf(CopyBothResponse.class);
  }

  /** Reads CopyData up to one of this kind that has the text; that one. */
  private static String readUntil(WireClient client, char kind, String text) throws IOException {
    while (true) {
      BackendMessage message = client.read();
      assertThat(message).isInstanceOf(CopyData.class);
      String content = ((CopyData) Objects.requireNonNull(message)).text();
      if (content.charAt(0) == kind && content.contains(text)) {
        return content;
      }
    }
  }

  /** Standby status update: nothing written, flushed or applied, and no answer wanted. */
  private static byte[] statusUpdate() {
    return ByteBuffer.allocate(34).put("r".getBytes(UTF_8)).array();
  }

  /** Without CopyData, of which there are as many as the server happens to send. */
  private static List<String> names(List<BackendMessage> messages) {
    return messages.stream()
        .filter(message -> !(message instanceof CopyData))
        .map(
            message ->
                message instanceof ErrorResponse error
                    ? "error " + error.sqlState()
                    : message.name())
        .toList();
  }
}
