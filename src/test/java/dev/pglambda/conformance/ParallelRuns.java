package dev.pglambda.conformance;

import dev.pglambda.testing.PostgresServer;
import java.util.Collection;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Runs cases on two servers at a time, and on each one after the other. A run mostly waits: for
 * another process, or for a time-out that the case is about.
 */
final class ParallelRuns implements AutoCloseable {
  private static final int SERVERS_AT_A_TIME = 2;
  private static final int RUN_SECONDS = 60;

  /** A kind of server; prints as the test's name. */
  record Server(String version, boolean controlFiles) {
    @Override
    public String toString() {
      return "PostgreSQL " + version + (controlFiles ? " with the extensions' files" : "");
    }
  }

  /** What is run; prints as the test's name. */
  record Run(Server server, CaseFile caseFile, Variant variant) {
    boolean applies() {
      return caseFile.appliesTo(Integer.parseInt(server.version()));
    }

    @Override
    public String toString() {
      return "%s: %s, %s, %s".formatted(caseFile.name(), caseFile.title(), server, variant);
    }
  }

  private final Map<String, CaseRecording> recordings;
  private final ExecutorService threads = Executors.newFixedThreadPool(SERVERS_AT_A_TIME);
  private final IdentityHashMap<Run, CompletableFuture<Void>> results = new IdentityHashMap<>();

  /**
   * Starts.
   *
   * @param recordings of what is answered, by the name of the case; empty: it is compared
   */
  ParallelRuns(List<Run> runs, Map<String, CaseRecording> recordings) {
    this.recordings = recordings;
    runs.forEach(run -> results.put(run, new CompletableFuture<>()));
    // Those with the most to do begin, so that none of them is left over at the end.
    runs.stream()
        .collect(Collectors.groupingBy(Run::server, LinkedHashMap::new, Collectors.toList()))
        .values()
        .stream()
        .sorted(Comparator.<List<Run>>comparingInt(Collection::size).reversed())
        .forEach(ofServer -> threads.execute(() -> runAll(ofServer)));
  }

  private void runAll(List<Run> runs) {
    try {
      Server server = runs.get(0).server();
      ProxiedServer proxied =
          new ProxiedServer(PostgresServer.of(server.version(), server.controlFiles()));
      try {
        for (Run run : runs) {
          run(proxied, run);
        }
      } finally {
        proxied.close();
      }
    } catch (Throwable e) {
      runs.forEach(run -> result(run).completeExceptionally(e));
    }
  }

  private void run(ProxiedServer proxied, Run run) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("closed before " + run);
    }
    CompletableFuture<Void> result = result(run);
    var unusedEnd =
        result
            .orTimeout(RUN_SECONDS, TimeUnit.SECONDS)
            .whenComplete((done, failure) -> endIfLate(run, failure));
    try {
      proxied.run(run.caseFile(), run.variant(), recordings.get(run.caseFile().name()));
      result.complete(null);
    } catch (InterruptedException e) {
      throw e;
    } catch (Throwable e) {
      result.completeExceptionally(e);
    }
  }

  /** Nothing can run behind a run that hangs. */
  private void endIfLate(Run run, @Nullable Throwable failure) {
    if (failure instanceof TimeoutException) {
      AssertionError late = new AssertionError(run + " takes more than " + RUN_SECONDS + " s");
      results.values().forEach(result -> result.completeExceptionally(late));
      threads.shutdownNow();
    }
  }

  private CompletableFuture<Void> result(Run run) {
    CompletableFuture<Void> result = results.get(run);
    if (result == null) {
      throw new IllegalArgumentException(run + " (expected: one of those started)");
    }
    return result;
  }

  /**
   * Waits for the end of a run.
   *
   * @throws AssertionError if the answers are others than its file has
   */
  void await(Run run) throws InterruptedException {
    try {
      result(run).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AssertionError different) {
        throw different;
      }
      throw new CompletionException(e.getCause());
    }
  }

  /** Ends what runs. */
  @Override
  public void close() {
    threads.shutdownNow();
  }
}
