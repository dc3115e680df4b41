package dev.pglambda.config;

/**
 * How many connections there may be at a time.
 *
 * @param maxClients most sessions
 * @param maxClientsPerAddress most sessions from one IP address; 0: no limit
 * @param maxUnauthenticatedClients most sessions that the server has not authenticated yet, which
 *     are not counted among the others; some may be more for a moment
 * @param maxPendingClients most connections that have not said yet what they want
 * @param maxCancelRequests most cancel requests that the server has not handled yet
 */
public record ClientLimits(
    int maxClients,
    int maxClientsPerAddress,
    int maxUnauthenticatedClients,
    int maxPendingClients,
    int maxCancelRequests) {

  /**
   * The same, with as many sessions as there can be, authenticated and others in the same
   * proportion.
   */
  public ClientLimits scaledTo(long sessions) {
    long wanted = (long) maxClients + maxUnauthenticatedClients;
    if (wanted <= sessions) {
      return this;
    }
    long clients = Math.max(1, sessions * maxClients / wanted);
    return new ClientLimits(
        (int) clients,
        maxClientsPerAddress,
        (int) Math.max(1, sessions - clients),
        maxPendingClients,
        maxCancelRequests);
  }
}
