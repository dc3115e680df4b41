package dev.pglambda.lambda.aws;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Keeps clients that are dear to build, at most so many, and the ones used last. A client is never
 * closed while somebody has it on lease; then there may be more for a while. Safe for use by many
 * threads.
 *
 * @param <K> what distinguishes the clients
 * @param <C> the clients
 */
final class ClientCache<K, C extends AutoCloseable> {
  private final int limit;
  private final Function<K, C> factory;
  private final Executor closer;

  /**
   * The least recently used first; guarded by this, which is never held while a client is built.
   */
  private final Map<K, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

  private boolean closed;

  /** Keeps so many clients; to build one, and to close one on {@code closer}, may block. */
  ClientCache(int limit, Function<K, C> factory, Executor closer) {
    this.limit = limit;
    this.factory = factory;
    this.closer = closer;
  }

  /** A client in use. Whoever has it closes the lease once, whatever happens. */
  final class Lease implements AutoCloseable {
    private final Entry entry;

    private Lease(Entry entry) {
      this.entry = entry;
    }

    /** Builds the client if it is not there yet, and so may block. */
    C client() {
      return entry.client();
    }

    /** Never blocks. */
    @Override
    public void close() {
      release(entry);
    }
  }

  private final class Entry {
    private final K key;
    private @Nullable C client;
    private volatile boolean built;
    private int leases;

    Entry(K key) {
      this.key = key;
    }

    synchronized C client() {
      C there = client;
      if (there == null) {
        there = factory.apply(key);
        client = there;
        built = true;
      }
      return there;
    }

    synchronized void close() throws Exception {
      if (client != null) {
        client.close();
      }
    }
  }

  synchronized Lease lease(K key) {
    Entry entry = entries.computeIfAbsent(key, Entry::new);
    entry.leases++;
    evict();
    return new Lease(entry);
  }

  /** Whether there is a client now, so that {@link Lease#client()} would not block. */
  synchronized boolean isBuilt(K key) {
    Entry entry = entries.get(key);
    return entry != null && entry.built;
  }

  private synchronized void release(Entry entry) {
    entry.leases--;
    evict();
  }

  /** Closes all clients that nobody uses, and each of the others when its last lease ends. */
  synchronized void close() {
    closed = true;
    evict();
  }

  synchronized int size() {
    return entries.size();
  }

  private void evict() {
    Iterator<Entry> oldestFirst = entries.values().iterator();
    while ((closed || entries.size() > limit) && oldestFirst.hasNext()) {
      Entry entry = oldestFirst.next();
      if (entry.leases == 0) {
        oldestFirst.remove();
        closer.execute(
            () -> {
              try {
                entry.close();
              } catch (Exception ignored) {
                // It is gone, and nobody waits for it.
              }
            });
      }
    }
  }
}
