package dev.pglambda.client.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Seeds;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Random conversations get the same answers from a server and from the proxy before it, on each
 * version. {@link Seeds} says which; a failure names the seed.
 */
@Timeout(14_400)
class DifferentialTest {
  private static final Logger log = LoggerFactory.getLogger(DifferentialTest.class);
  private static final int CONVERSATIONS = 80;
  private static final int THREADS = 2;

  private static final long FIXED_SEED = 20_261_122;

  @ParameterizedTest
  @ValueSource(strings = {"12", "15", "18"})
  void getTheSameAnswersThroughTheProxy(String version) throws Exception {
    PostgresServer postgres = PostgresServer.of(version);
    Seeds seeds = Seeds.of(FIXED_SEED, CONVERSATIONS);
    log.warn("conversations with PostgreSQL {}: {}", version, seeds);
    ExecutorService speakers = Executors.newFixedThreadPool(THREADS);
    ExecutorService readers = Executors.newCachedThreadPool();
    AtomicInteger messages = new AtomicInteger();
    Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    try (FakeLambdaEndpoint lambda = FakeLambdaEndpoint.start();
        ProxyUnderTest proxy = ProxyUnderTest.start(postgres, lambda)) {
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int thread = 0; thread < THREADS; thread++) {
        // Notifications reach all sessions of a database.
        String database = postgres.createDatabase();
        int first = thread;
        tasks.add(
            () -> {
              for (int i = first; i < seeds.count() && failures.isEmpty(); i += THREADS) {
                try {
                  messages.addAndGet(
                      compare(postgres, proxy, database, seeds.first() + i, readers));
                } catch (IOException | AssertionError failure) {
                  failures.add(failure);
                }
              }
              return null;
            });
      }
      for (Future<Void> done : speakers.invokeAll(tasks)) {
        done.get();
      }
      assertThat(failures).isEmpty();
      log.warn("{} conversations had {} equal replies", seeds.count(), messages);
      assertThat(messages.get()).isGreaterThan(seeds.count());
    } finally {
      speakers.shutdownNow();
      readers.shutdownNow();
    }
  }

  private static int compare(
      PostgresServer postgres,
      ProxyUnderTest proxy,
      String database,
      long seed,
      ExecutorService readers)
      throws Exception {
    List<byte[]> batches = new RandomConversation(seed, database).batches();
    String what = "seed %d, PostgreSQL %d".formatted(seed, postgres.majorVersion());
    try {
      List<String> direct = Talk.with(postgres.port(), batches, seed, readers);
      List<String> proxied = Talk.with(proxy.port(), batches, ~seed, readers);
      assertThat(direct).as(what).isNotEmpty();
      assertThat(proxied).as(what).isEqualTo(direct);
      return direct.size();
    } catch (IOException e) {
      throw new AssertionError(what, e);
    }
  }
}
