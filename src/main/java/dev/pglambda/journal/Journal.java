package dev.pglambda.journal;

import dev.pglambda.journal.JournalEntry.Ending;
import dev.pglambda.lambda.CallObserver;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.limits.LogThrottle;
import dev.pglambda.protocol.SqlError;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the calls that were made, within a limit of memory: when it is reached, the oldest that
 * returned a row go first, unless failures take more than half of it. Calls in progress are kept,
 * too, and not counted: what they hold is accounted for elsewhere. Safe for use by many threads; a
 * call waits for none of them.
 */
public final class Journal implements CallObserver {
  private static final Logger log = LoggerFactory.getLogger(Journal.class);

  private static final long MOST_BY_DEFAULT = 64L << 20;
  private static final int SHARE_OF_HEAP = 8;

  private final LogThrottle defects = new LogThrottle();

  private final long maxBytes;
  private final boolean keepsPayloads;
  private final Clock clock;
  private final AtomicLong lastId = new AtomicLong();
  private final ConcurrentSkipListMap<Long, JournalEntry> entries = new ConcurrentSkipListMap<>();
  private final List<Consumer<JournalEntry>> listeners = new CopyOnWriteArrayList<>();

  /** Held for what follows, for a few instructions at a time: each call's end needs it. */
  private final ReentrantLock accounting = new ReentrantLock();

  /** By number, as one can become a failure; the oldest end first. */
  private Map<Long, JournalEntry> successes = new LinkedHashMap<>();

  private Deque<JournalEntry> failures = new ArrayDeque<>();
  private long bytes;
  private long failureBytes;

  /**
   * @param maxBytes of all that is kept; payloads and texts are counted, the rest is estimated
   * @param keepsPayloads whether payloads are kept, or only their lengths
   */
  public Journal(long maxBytes, boolean keepsPayloads, Clock clock) {
    this.maxBytes = maxBytes;
    this.keepsPayloads = keepsPayloads;
    this.clock = clock;
  }

  /** How much a journal keeps if nobody says so: a small heap has other things to hold. */
  public static long defaultBytes() {
    return Math.min(MOST_BY_DEFAULT, Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP);
  }

  /** How much it keeps at most of calls that have ended. */
  public long maxBytes() {
    return maxBytes;
  }

  public boolean keepsPayloads() {
    return keepsPayloads;
  }

  /**
   * Tells of each call when it begins to be made and when it has ended, on the call's own thread,
   * and of an Event once more if it has failed later: the listener must not block. What is returned
   * ends that.
   */
  public Runnable listen(Consumer<JournalEntry> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  /** The latest calls first. */
  public List<JournalEntry> find(JournalFilter filter, int limit) {
    Long before = filter.before();
    var from = before == null ? entries : entries.headMap(before);
    return from.descendingMap().values().stream().filter(filter).limit(limit).toList();
  }

  /** The call of a number; null if it is not kept. */
  public @Nullable JournalEntry find(long id) {
    return entries.get(id);
  }

  /** Forgets all calls that have ended. */
  public void clear() {
    List<Collection<JournalEntry>> forgotten;
    accounting.lock();
    try {
      forgotten = List.of(successes.values(), failures);
      successes = new LinkedHashMap<>();
      failures = new ArrayDeque<>();
      bytes = 0;
      failureBytes = 0;
    } finally {
      accounting.unlock();
    }
    forgotten.forEach(this::remove);
  }

  private void remove(Collection<JournalEntry> forgotten) {
    forgotten.forEach(each -> entries.remove(each.id()));
  }

  /** What is kept of calls that have ended, in bytes. */
  public long bytes() {
    accounting.lock();
    try {
      return bytes;
    } finally {
      accounting.unlock();
    }
  }

  @Override
  public ObservedCall begins(InvokeArguments arguments, CallOrigin origin) {
    return new Recording(arguments, origin);
  }

  /** What takes more than half of the memory by itself is kept without its payloads. */
  private void keep(JournalEntry ended) {
    JournalEntry kept = ended.bytes() > maxBytes / 2 ? ended.withoutPayloads() : ended;
    long size = kept.bytes();
    List<JournalEntry> forgotten = new ArrayList<>();
    entries.put(kept.id(), kept);
    accounting.lock();
    try {
      bytes += size;
      if (kept.outcome().isFailure()) {
        failures.addLast(kept);
        failureBytes += size;
      } else {
        successes.put(kept.id(), kept);
      }
      while (bytes > maxBytes) {
        forgotten.add(oldest());
      }
    } finally {
      accounting.unlock();
    }
    remove(forgotten);
  }

  /** Takes one away. Else many failures would leave no room for a call that succeeds. */
  private JournalEntry oldest() {
    boolean failure = successes.isEmpty() || failureBytes > maxBytes / 2;
    JournalEntry oldest = failure ? failures.removeFirst() : removeFirst(successes);
    bytes -= oldest.bytes();
    failureBytes -= failure ? oldest.bytes() : 0;
    return oldest;
  }

  private static JournalEntry removeFirst(Map<Long, JournalEntry> from) {
    Iterator<JournalEntry> values = from.values().iterator();
    JournalEntry first = values.next();
    values.remove();
    return first;
  }

  /** An Event may end when its call is long forgotten: nothing but the call's number is held. */
  private void follow(long id, CompletableFuture<InvocationResult> run) {
    var unused =
        run.thenAccept(
            end -> {
              if (end.functionError() != null) {
                failedLater(id, end);
              }
            });
  }

  private void failedLater(long id, InvocationResult run) {
    JournalEntry failed;
    accounting.lock();
    try {
      JournalEntry accepted = successes.remove(id);
      if (accepted == null) {
        return; // forgotten
      }
      bytes -= accepted.bytes();
      JournalEntry whole = accepted.failedLater(run, kept(run.payload()));
      failed = keepsPayloads ? whole : whole.withoutPayloads();
      keep(failed);
    } finally {
      accounting.unlock();
    }
    tell(failed);
  }

  /** A listener with a defect is no reason for a call to fail. */
  private void tell(JournalEntry entry) {
    for (Consumer<JournalEntry> listener : listeners) {
      try {
        listener.accept(entry);
      } catch (RuntimeException defect) {
        if (defects.passes()) {
          log.error("a listener of the journal failed{}", defects.others(), defect);
        }
      }
    }
  }

  @SuppressWarnings("ByteBufferBackingArray") // only its length is of interest
  private @Nullable ByteBuffer kept(@Nullable ByteBuffer payload) {
    if (payload == null || !keepsPayloads) {
      return null;
    }
    int length = payload.remaining();
    // Of what is not used of an array that is shared, JournalEntry counts as much.
    if (payload.hasArray() && payload.array().length - length <= length / 8) {
      return payload.asReadOnlyBuffer();
    }
    byte[] copy = new byte[length];
    payload.duplicate().get(copy);
    return ByteBuffer.wrap(copy).asReadOnlyBuffer();
  }

  /** A call that is being made. */
  private final class Recording implements ObservedCall {
    private final long begin = System.nanoTime();
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile JournalEntry entry;

    Recording(InvokeArguments arguments, CallOrigin origin) {
      ByteBuffer payload = arguments.payload();
      Instant now = clock.instant();
      entry =
          new JournalEntry(
              lastId.incrementAndGet(),
              now,
              arguments.withPayload(kept(payload)),
              null,
              null,
              origin.withStatement(
                  keepsPayloads
                      ? StatementSecrets.hide(origin.statement())
                      : StatementWords.of(origin.statement())),
              payload == null ? 0 : payload.remaining(),
              null);
    }

    @Override
    public void invokes(Invocation invocation, @Nullable String route) {
      JournalEntry began = entry;
      ByteBuffer payload = began.payload();
      entry =
          new JournalEntry(
              began.id(),
              began.startedAt(),
              began.arguments(),
              invocation.withPayload(payload == null ? ByteBuffer.allocate(0) : payload),
              route,
              began.origin(),
              began.requestBytes(),
              null);
      entries.put(began.id(), entry);
      tell(entry);
    }

    @Override
    public void ends(@Nullable InvocationResult result, InvokeAnswer answer) {
      SqlError error = answer instanceof InvokeAnswer.Failure failed ? failed.error() : null;
      Outcome outcome =
          error == null
              ? Outcome.OK
              : result != null && result.functionError() != null
                  ? Outcome.FUNCTION_ERROR
                  : Outcome.ERROR;
      end(outcome, result, error);
    }

    @Override
    public void isCancelled() {
      end(Outcome.CANCELLED, null, null);
    }

    private void end(Outcome outcome, @Nullable InvocationResult result, @Nullable SqlError error) {
      if (over.getAndSet(true)) {
        return;
      }
      ByteBuffer response = result == null ? null : result.payload();
      Ending ending =
          new Ending(
              Duration.ofNanos(System.nanoTime() - begin),
              outcome,
              result == null ? null : result.withoutRun().withPayload(kept(response)),
              error,
              response == null ? 0 : response.remaining());
      JournalEntry ended =
          new JournalEntry(
              entry.id(),
              entry.startedAt(),
              entry.arguments(),
              entry.invocation(),
              entry.route(),
              entry.origin(),
              entry.requestBytes(),
              keepsPayloads ? ending : ending.withoutPayload());
      keep(ended);
      tell(ended);
      if (result != null && result.run() != null) {
        follow(ended.id(), result.run());
      }
    }
  }
}
