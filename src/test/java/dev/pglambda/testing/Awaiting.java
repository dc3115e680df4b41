package dev.pglambda.testing;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/** How tests wait for what another thread or process does. */
public final class Awaiting {
  private static final Duration LONGEST = Duration.ofSeconds(30);
  private static final Duration INTERVAL = Duration.ofMillis(5);

  private Awaiting() {}

  /**
   * A wait that looks at once and then often, on the caller's thread, and fails after 30 seconds:
   * {@code await("the session has ended").until(() -> sessions.size() == 0)}.
   *
   * @param what the condition in words, for the message
   */
  public static ConditionFactory await(String what) {
    return Awaitility.await(what)
        .pollInSameThread()
        .pollDelay(Duration.ZERO)
        .pollInterval(INTERVAL)
        .atMost(LONGEST);
  }
}
