package dev.pglambda.config;

import org.jspecify.annotations.Nullable;

/** What a command line asks of a proxy that runs. */
public sealed interface AdminCommand extends ConfigLoader.LoadResult {

  /** Where that proxy's {@code --admin} is. */
  HostAndPort admin();

  /** What it asks for; null: nothing. */
  @Nullable Password token();

  /**
   * Print the calls that the proxy has kept, the newest last.
   *
   * @param follow whether to go on with those that come
   * @param failed whether to pass over all others
   * @param function the name as SQL gave it; null: any
   * @param limit how many at most, before those that come
   * @param json whether to print them as JSON
   */
  record Calls(
      HostAndPort admin,
      @Nullable Password token,
      boolean follow,
      boolean failed,
      @Nullable String function,
      int limit,
      boolean json)
      implements AdminCommand {}

  /**
   * Make a call once more and print what came of it.
   *
   * @param payload to send instead; null: the one that was kept
   * @param json whether to print the new call as JSON
   */
  record ReplayCall(
      HostAndPort admin, @Nullable Password token, long id, @Nullable String payload, boolean json)
      implements AdminCommand {}
}
