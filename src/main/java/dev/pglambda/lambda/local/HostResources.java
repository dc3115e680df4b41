package dev.pglambda.lambda.local;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all functions of a host share: settings, a directory, and a few threads for what blocks,
 * which is work with files and the start of processes. Safe for use by many threads.
 */
final class HostResources {
  private static final Logger log = LoggerFactory.getLogger(HostResources.class);

  private static final int WORKERS = 4;

  /** The loops that load and run the code of runtimes that have none of their own here. */
  private static final List<String> LOOPS =
      List.of("python-loop.py", "node-loop.mjs", "ruby-loop.rb");

  private final ReentrantLock lock = new ReentrantLock();
  private final LocalHostSettings settings;
  private final ThreadPoolExecutor workers;
  private @Nullable Scratch scratch;

  /** The host's directory, and the processes whose files are in it. */
  record Scratch(Path directory, ChildProcesses children) {}

  HostResources(LocalHostSettings settings) {
    this.settings = settings;
    this.workers =
        new ThreadPoolExecutor(
            WORKERS,
            WORKERS,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            new DefaultThreadFactory("local-functions", true),
            new ThreadPoolExecutor.DiscardPolicy());
    workers.allowCoreThreadTimeOut(true);
  }

  LocalHostSettings settings() {
    return settings;
  }

  /** For what blocks. */
  Executor workers() {
    return workers;
  }

  /** Made at the first call, readable by its owner alone. Blocks. */
  Scratch scratch() throws IOException {
    lock.lock();
    try {
      if (scratch == null) {
        Files.createDirectories(settings.scratch());
        Path directory = Files.createTempDirectory(settings.scratch(), "functions-");
        for (String loop : LOOPS) {
          try (InputStream source = HostResources.class.getResourceAsStream(loop)) {
            if (source == null) {
              throw new IOException("resource: none (expected: " + loop + ")");
            }
            Files.copy(source, directory.resolve(loop));
          }
        }
        scratch = new Scratch(directory, new ChildProcesses(directory));
      }
      return scratch;
    } finally {
      lock.unlock();
    }
  }

  /** Deletes a directory and what is in it, as far as that can be done. Blocks. */
  static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | UncheckedIOException left) {
      log.debug("{} is not deleted", directory, left);
    }
  }

  /** Ends all processes, when what is begun has been done or the time has passed. Blocks. */
  void close(Duration limit) throws InterruptedException {
    workers.shutdown();
    boolean unusedEnd = workers.awaitTermination(limit.toSeconds(), TimeUnit.SECONDS);

    lock.lock();
    try {
      if (scratch != null) {
        scratch.children().close();
        delete(scratch.directory());
      }
    } finally {
      lock.unlock();
    }
  }
}
