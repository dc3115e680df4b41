package dev.pglambda.relay;

/**
 * What the client has sent since its last Sync or Query, as far as it says whose the server's
 * transaction is. Used on the session's event loop.
 */
public final class ClientSeries {
  /**
   * Whether the server's transaction was begun by the proxy's own messages, and the client has
   * executed nothing in it. Nor has it ended it, as a Sync does; a Query would not from PostgreSQL
   * 18 on, which takes it for a part of the pipeline (postgres.c, start_xact_command).
   */
  private boolean ownTransaction;

  private boolean executing;

  /** The same when it sent its last Query. */
  private boolean queryBehindExecute;

  void executes() {
    ownTransaction = false;
    executing = true;
  }

  /** The client ends a series of messages, and its transaction if it has begun one. */
  void syncs() {
    ownTransaction = false;
    executing = false;
  }

  void queries() {
    queryBehindExecute = executing;
    executing = false;
  }

  /** The client's Query was dealt with. */
  void queryEnds() {
    ownTransaction = false;
  }

  /**
   * The proxy sends messages of its own.
   *
   * @param idle whether the server waits for no Sync
   */
  void proxyBegins(boolean idle) {
    ownTransaction |= idle;
  }

  /**
   * The proxy executes something behind messages of the client's. If those have executed nothing, a
   * Query must not become a part of the series.
   */
  void proxyExecutes() {
    ownTransaction |= !executing;
  }

  /** Whether a Sync can, and before a Query must, end the transaction: it is not the client's. */
  public boolean isOwnTransaction() {
    return ownTransaction;
  }

  boolean hasExecuted() {
    return executing;
  }

  /** Whether the client had executed a portal in the series in which its last Query came. */
  boolean isQueryBehindExecute() {
    return queryBehindExecute;
  }
}
