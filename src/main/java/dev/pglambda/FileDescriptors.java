package dev.pglambda;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the operating system lets the process have open ({@code ulimit -n}). */
final class FileDescriptors {
  private static final Logger log = LoggerFactory.getLogger(FileDescriptors.class);

  /** To the client and to the server. */
  private static final int PER_CLIENT = 2;

  /** One in so many is left for calls from PostgreSQL and to Lambda. */
  private static final int SHARE_OF_CALLS = 8;

  private FileDescriptors() {}

  /**
   * How many clients there can be. It is better to refuse one that asks than to be unable to accept
   * it, or to be unable to open a file.
   *
   * @param wanted how many there may be
   * @return the same, or less if the limit of this process is too low; at least 1
   */
  static int clientsWithinLimit(int wanted) {
    if (!(ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix)) {
      return wanted;
    }
    long limit = unix.getMaxFileDescriptorCount();
    long free = limit - unix.getOpenFileDescriptorCount() - limit / SHARE_OF_CALLS;
    int most = (int) Math.max(1, Math.min(wanted, free / PER_CLIENT));
    if (most < wanted) {
      log.warn(
          "at most {} clients, because only {} files can be open (expected: --max-clients {})",
          most,
          limit,
          wanted);
    }
    return most;
  }
}
