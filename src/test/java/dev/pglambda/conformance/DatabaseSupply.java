package dev.pglambda.conformance;

import dev.pglambda.testing.PostgresServer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Empty databases of one server. The next one is made, and the last one dropped, while a case runs
 * in another: that is a third of the time that a run takes. For one thread.
 */
final class DatabaseSupply {
  private final PostgresServer server;
  private final ExecutorService background = Executors.newSingleThreadExecutor();
  private final List<Future<?>> drops = new ArrayList<>();
  private Future<String> next;

  DatabaseSupply(PostgresServer server) {
    this.server = server;
    this.next = background.submit(server::createDatabase);
  }

  /** A database that nobody else has. */
  String take() throws ExecutionException, InterruptedException {
    String database = next.get();
    next = background.submit(server::createDatabase);
    return database;
  }

  /** Drops a database soon; no session is left in it. */
  void drop(String database) {
    drops.add(
        background.submit(
            () -> {
              server.dropDatabase(database);
              return null;
            }));
  }

  /** Drops the one that nobody took, and waits for all. */
  void close() throws ExecutionException, InterruptedException {
    drop(next.get());
    background.shutdown();
    for (Future<?> drop : drops) {
      drop.get();
    }
  }
}
