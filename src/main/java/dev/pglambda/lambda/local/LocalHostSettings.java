package dev.pglambda.lambda.local;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * How local functions are hosted.
 *
 * @param scratch directory for the host's own files; made if it is not there
 * @param environment the proxy's own, of which a function sees {@code PATH} and little else
 * @param initTime longest time that code may take to load before its first invocation; then it is
 *     loaded again, within the time-out of that invocation
 * @param eventRetryWaits before each further try of an Event that failed; none: one try
 * @param idleTime after which a process without a call ends
 * @param queueLength most calls of a function that wait for a process; Events do not count
 */
public record LocalHostSettings(
    Path scratch,
    Map<String, String> environment,
    Duration initTime,
    List<Duration> eventRetryWaits,
    Duration idleTime,
    int queueLength) {
  public LocalHostSettings {
    environment = Map.copyOf(environment);
    eventRetryWaits = List.copyOf(eventRetryWaits);
  }

  /** The defaults. Lambda waits one minute and then two before it tries an Event again. */
  public static LocalHostSettings of(Path scratch, Map<String, String> environment) {
    return new LocalHostSettings(
        scratch,
        environment,
        Duration.ofSeconds(10),
        List.of(Duration.ofSeconds(1), Duration.ofSeconds(2)),
        Duration.ofMinutes(5),
        1000);
  }

  /** Without the environment, which may hold credentials. */
  @Override
  public String toString() {
    return "LocalHostSettings[%s, init %s, retries %s, idle %s, queue %d]"
        .formatted(scratch, initTime, eventRetryWaits, idleTime, queueLength);
  }
}
