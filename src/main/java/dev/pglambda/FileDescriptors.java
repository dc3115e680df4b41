package dev.pglambda;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.pglambda.config.ClientLimits;
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
   * The same limits, or lower ones where the process may not open the files. It is better to refuse
   * a client that asks than to be unable to accept it, or to be unable to open a file.
   *
   * @param wanted how many there may be; pending clients and cancel requests are left as they are,
   *     since they are gone in a moment or make place
   */
  static ClientLimits within(ClientLimits wanted) {
    if (!(ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix)) {
      return wanted;
    }
    long limit = unix.getMaxFileDescriptorCount();
    long free = limit - unix.getOpenFileDescriptorCount() - limit / SHARE_OF_CALLS;
    ClientLimits possible = wanted.scaledTo(free / PER_CLIENT);
    if (!possible.equals(wanted)) {
      log.warn(
          "at most {} clients, and {} that are not authenticated yet, because only {} files can be"
              + " open (expected: --max-clients {}, --max-unauthenticated-clients {})",
          possible.maxClients(),
          possible.maxUnauthenticatedClients(),
          limit,
          wanted.maxClients(),
          wanted.maxUnauthenticatedClients());
    }
    return possible;
  }
}
