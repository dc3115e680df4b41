package dev.pglambda.listener;

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
    int maxCancelRequests) {}
