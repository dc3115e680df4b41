package dev.pglambda.client.replication;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.Psql;
import dev.pglambda.testing.Psql.Output;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * PostgreSQL's own programs that use replication sessions, or many sessions at once, through the
 * proxy. They refuse servers that are newer than themselves, so these versions are left out.
 */
@Timeout(180)
@ParameterizedClass(name = "{0}")
@MethodSource("servers")
class ReplicationToolsTest {
  private final StreamingServer server;
  private final String connection;

  @TempDir private Path directory;

  ReplicationToolsTest(StreamingServer server) {
    this.server = server;
    this.connection = "--dbname=" + server.connectionThroughProxy();
  }

  static Stream<StreamingServer> servers() throws Exception {
    Matcher number =
        Pattern.compile("(\\d+)").matcher(run(Psql.program("pg_basebackup", "--version")));
    int newest = number.find() ? Integer.parseInt(number.group(1)) : 0;
    List<String> versions =
        PostgresServer.versions().stream()
            .filter(version -> Integer.parseInt(version) <= newest)
            .toList();
    return Stream.of(versions.get(0), versions.get(versions.size() - 1))
        .distinct()
        .map(StreamingServer::of);
  }

  private static String run(Psql program) throws IOException, InterruptedException {
    Output output = program.run("");
    assertThat(output.exitCode()).as(output.text()).isZero();
    return output.text();
  }

  @Test
  void pgBasebackupMakesAClusterThatStarts() throws Exception {
    server.execute("CREATE TABLE backed_up AS SELECT generate_series(1, 1000) AS n");
    Path copy = directory.resolve("copy");
    Path cluster = copy.resolve("postgres-" + server.version());

    String said =
        run(
            Psql.program(
                "pg_basebackup",
                connection,
                "--pgdata=" + cluster,
                "--wal-method=stream",
                "--checkpoint=fast",
                "--progress",
                "--verbose"));

    assertThat(said).contains("base backup completed", "100%");
    try (StreamingServer started = StreamingServer.start(copy, server.version())) {
      assertThat(started.row("SELECT sum(n) FROM backed_up")).isEqualTo("500500");
    }
    server.execute("DROP TABLE backed_up");
  }

  @Test
  void pgBasebackupWritesTarFiles() throws Exception {
    run(
        Psql.program(
            "pg_basebackup",
            connection,
            "--pgdata=" + directory.resolve("tar"),
            "--format=tar",
            "--wal-method=fetch",
            "--checkpoint=fast"));

    assertThat(Files.size(directory.resolve("tar").resolve("base.tar"))).isGreaterThan(20_000_000);
    assertThat(server.row("SELECT count(*) FROM pg_stat_replication")).isEqualTo("0");
  }

  @Test
  void pgReceivewalReceivesWhatTheServerHasWritten() throws Exception {
    run(Psql.program("pg_receivewal", connection, "--slot=receive", "--create-slot"));
    Psql.Running receiving =
        Psql.program("pg_receivewal", connection, "--slot=receive", "--directory=" + directory)
            .start("");
    server.await("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", "1");

    server.execute(
        "CREATE TABLE written AS SELECT repeat('wal ', 100) FROM generate_series(1, 50000)");
    String end = server.row("SELECT pg_current_wal_lsn()");
    String segment = server.row("SELECT pg_walfile_name('" + end + "')");
    server.execute("SELECT pg_switch_wal()", "DROP TABLE written");

    // It reports a segment when it has all of it.
    server.await(
        "SELECT coalesce(bool_and(flush_lsn >= '" + end + "'), false) FROM pg_stat_replication",
        "t");
    receiving.interrupt();
    Output output = receiving.await();
    assertThat(output.exitCode()).as(output.text()).isZero();
    assertThat(directory.resolve(segment))
        .hasSameBinaryContentAs(
            server.postgres().clusterDirectory().resolve("pg_wal").resolve(segment));
    run(Psql.program("pg_receivewal", connection, "--slot=receive", "--drop-slot"));
  }

  @Test
  void pgRecvlogicalReceivesTheChanges() throws Exception {
    String database = connection + " dbname=" + StreamingServer.DATABASE;
    run(
        Psql.program(
            "pg_recvlogical",
            database,
            "--slot=changes",
            "--create-slot",
            "--plugin=test_decoding"));
    server.execute(
        "CREATE TABLE changed (n int PRIMARY KEY)",
        "INSERT INTO changed SELECT generate_series(1, 1000)",
        "DROP TABLE changed");
    String end = server.row("SELECT pg_current_wal_lsn()");
    Path file = directory.resolve("changes");

    run(
        Psql.program(
            "pg_recvlogical",
            database,
            "--slot=changes",
            "--start",
            "--endpos=" + end,
            "--no-loop",
            "--file=" + file));

    assertThat(Files.readString(file, UTF_8))
        .contains("table public.changed: INSERT: n[integer]:1\n")
        .contains("table public.changed: INSERT: n[integer]:1000\n");
    run(Psql.program("pg_recvlogical", database, "--slot=changes", "--drop-slot"));
  }

  @Test
  void pgDumpAndPgRestoreWorkWithSeveralSessions() throws Exception {
    server.execute("CREATE DATABASE dumped", "CREATE DATABASE restored");
    String at = server.connectionThroughProxy() + " dbname=";
    String content =
        "SELECT count(*) || ' ' || sum(n) || ' ' || md5(min(t)) FROM "
            + "(SELECT * FROM a UNION ALL SELECT * FROM b UNION ALL SELECT * FROM c) AS u";
    Psql dumped = Psql.program("psql", "-X", "-At", "--dbname=" + at + "dumped");
    Psql restored = Psql.program("psql", "-X", "-At", "--dbname=" + at + "restored");
    for (String table : List.of("a", "b", "c")) {
      run(
          dumped.with(
              "--command=CREATE TABLE %1$s AS SELECT n, repeat('%1$s', 100) AS t FROM generate_series(1, 20000) AS n"
                  .formatted(table)));
      run(dumped.with("--command=CREATE INDEX ON %s (n)".formatted(table)));
    }

    String dump = directory.resolve("dump").toString();
    run(
        Psql.program(
            "pg_dump",
            "--dbname=" + at + "dumped",
            "--format=directory",
            "--jobs=4",
            "--file=" + dump));
    run(Psql.program("pg_restore", "--dbname=" + at + "restored", "--jobs=4", dump));

    assertThat(run(restored.with("--command=" + content)))
        .isEqualTo(run(dumped.with("--command=" + content)));
    server.execute("DROP DATABASE dumped", "DROP DATABASE restored");
  }
}
