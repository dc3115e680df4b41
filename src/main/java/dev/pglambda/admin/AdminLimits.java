package dev.pglambda.admin;

import java.time.Duration;

/**
 * What browsers and programs may take.
 *
 * @param connections at a time; for one more, the one that has waited longest is closed
 * @param eventStreams among them
 * @param eventBytes that an event stream's client may leave unread
 * @param request longest time from a request's first byte to its last
 * @param idle longest time between requests, and without progress in reading an answer
 * @param heartbeat time between comments in an event stream
 * @param failedLogins of an address within a minute
 */
public record AdminLimits(
    int connections,
    int eventStreams,
    int eventBytes,
    Duration request,
    Duration idle,
    Duration heartbeat,
    int failedLogins) {
  public static final AdminLimits DEFAULT =
      new AdminLimits(
          100,
          20,
          1 << 20,
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofSeconds(15),
          10);
}
