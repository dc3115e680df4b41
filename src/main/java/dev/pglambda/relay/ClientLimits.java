package dev.pglambda.relay;

/**
 * How many connections there may be at a time.
 *
 * @param maxClients most sessions, those that are still authenticating among them
 * @param maxClientsPerAddress most sessions from one IP address; 0: no limit
 * @param maxPendingClients most connections that have not said yet what they want
 * @param maxCancelRequests most cancel requests that the server has not handled yet
 */
public record ClientLimits(
    int maxClients, int maxClientsPerAddress, int maxPendingClients, int maxCancelRequests) {}
