package dev.pglambda.client.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Logical replication whose subscriber connects to the publisher's proxy (manual, "Logical
 * Replication"), from the oldest to the newest version and back.
 */
@Timeout(180)
class SubscriptionTest {
  private static final String TABLE = "CREATE TABLE orders (id int PRIMARY KEY, note text)";
  private static final String CONTENT =
      "SELECT count(*) || ' ' || md5(string_agg(o::text, ',' ORDER BY id)) FROM orders AS o";

  private StreamingServer oldest;
  private StreamingServer newest;

  @BeforeEach
  void start() {
    List<String> versions = LambdaDatabase.oldestAndNewestVersion().toList();
    oldest = StreamingServer.of(versions.get(0));
    newest = StreamingServer.of(versions.get(versions.size() - 1));
  }

  @AfterEach
  void stop() {
    oldest.close();
    newest.close();
  }

  @Test
  void replicatesFromTheOldestVersionToTheNewest() throws Exception {
    replicates(oldest, newest);
  }

  @Test
  void replicatesFromTheNewestVersionToTheOldest() throws Exception {
    replicates(newest, oldest);
  }

  private static void replicates(StreamingServer publisher, StreamingServer subscriber)
      throws Exception {
    publisher.execute(
        TABLE,
        "INSERT INTO orders SELECT n, repeat('first ', 20) || n FROM generate_series(1, 20000) AS"
            + " n",
        "CREATE PUBLICATION changes FOR TABLE orders");
    subscriber.execute(
        TABLE,
        "CREATE SUBSCRIPTION changes CONNECTION '%s dbname=postgres' PUBLICATION changes"
            .formatted(publisher.connectionThroughProxy()));
    assertFollows(subscriber, publisher); // the initial copy
    assertThat(publisher.proxy().sessions()).isPositive();

    publisher.execute(
        "INSERT INTO orders SELECT n, 'second ' || n FROM generate_series(20001, 40000) AS n",
        "UPDATE orders SET note = repeat('long', 1000000) WHERE id = 7",
        "DELETE FROM orders WHERE id % 3 = 0");
    assertFollows(subscriber, publisher);

    publisher.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_replication");
    publisher.execute("INSERT INTO orders VALUES (50001, 'after a restart of the worker')");
    assertFollows(subscriber, publisher);

    subscriber.execute("ALTER SUBSCRIPTION changes DISABLE");
    publisher.await("SELECT count(*) FROM pg_stat_replication", "0");
    publisher.execute("INSERT INTO orders VALUES (50002, 'while disabled')");
    subscriber.execute("ALTER SUBSCRIPTION changes ENABLE");
    assertFollows(subscriber, publisher);

    subscriber.execute("DROP SUBSCRIPTION changes"); // drops the slot, through the proxy
    publisher.await("SELECT count(*) FROM pg_replication_slots", "0");
  }

  private static void assertFollows(StreamingServer subscriber, StreamingServer publisher)
      throws Exception {
    subscriber.await(CONTENT, publisher.row(CONTENT));
  }
}
