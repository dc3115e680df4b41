package dev.pglambda.testing;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakTracker;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Netty's leak detector, keeping its reports for {@link LeakCheck}. The system property {@code
 * io.netty.customResourceLeakDetector} in pom.xml puts it in place.
 *
 * @param <T> what is tracked, for example a buffer
 */
public final class RecordingLeakDetector<T> extends ResourceLeakDetector<T> {

  private static final long COLLECTION_MILLIS = 10_000;

  private static final Queue<RecordingLeakDetector<?>> DETECTORS = new ConcurrentLinkedQueue<>();
  private static final Queue<String> REPORTS = new ConcurrentLinkedQueue<>();
  private static final AtomicLong TRACKED = new AtomicLong();

  private static volatile String testClass = "no test class";

  /** Netty looks for this constructor by reflection. */
  public RecordingLeakDetector(Class<?> resourceType, int samplingInterval) {
    super(resourceType, samplingInterval);
    DETECTORS.add(this);
  }

  /** Netty looks for this constructor too, and complains if there is none. */
  public RecordingLeakDetector(Class<?> resourceType, int samplingInterval, long maxActive) {
    this(resourceType, samplingInterval);
  }

  /** What is tracked from now on is reported with this name. */
  static void enter(String name) {
    testClass = name;
  }

  /** How many resources were tracked so far. */
  static long tracked() {
    return TRACKED.get();
  }

  /**
   * Collects garbage and returns the leaks that came to light since the last call.
   *
   * @return one text each: what leaked and where it was used
   */
  static List<String> drain() throws InterruptedException {
    // References found by the first collection are all in their queues when the second one's are.
    awaitCollection();
    awaitCollection();
    DETECTORS.forEach(RecordingLeakDetector::reportLeaks);
    List<String> reports = new ArrayList<>();
    for (String report = REPORTS.poll(); report != null; report = REPORTS.poll()) {
      reports.add(report);
    }
    return reports;
  }

  private static void awaitCollection() throws InterruptedException {
    ReferenceQueue<Object> collected = new ReferenceQueue<>();
    WeakReference<Object> sentinel = new WeakReference<>(new Object(), collected);
    System.gc();
    if (collected.remove(COLLECTION_MILLIS) != sentinel) {
      throw new IllegalStateException("no garbage collection: leaks cannot be found");
    }
  }

  /** A detector reports its leaks when it is asked to track something. */
  @SuppressWarnings("unchecked")
  private void reportLeaks() {
    T anything = (T) new Object();
    ResourceLeakTracker<T> tracker = track(anything);
    if (tracker != null) {
      tracker.close(anything);
    }
  }

  @Override
  protected Object getInitialHint(String resourceType) {
    TRACKED.incrementAndGet();
    return testClass;
  }

  @Override
  protected boolean needReport() {
    return true;
  }

  @Override
  protected void reportTracedLeak(String resourceType, String records) {
    REPORTS.add(resourceType + " was not released; its last uses:" + records);
  }

  @Override
  protected void reportUntracedLeak(String resourceType) {
    REPORTS.add(resourceType + " was not released");
  }
}
