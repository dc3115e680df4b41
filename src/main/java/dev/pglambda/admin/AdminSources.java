package dev.pglambda.admin;

import dev.pglambda.config.ServerAddress;
import dev.pglambda.journal.Journal;
import dev.pglambda.lambda.CallEvaluator;
import dev.pglambda.lambda.RouteState;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.RefusalCounts;
import dev.pglambda.relay.SessionState;
import io.netty.channel.EventLoopGroup;
import java.time.Instant;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * What there is to look at. All of it is asked on the administration's own threads, and none may
 * block.
 *
 * @param journal the calls
 * @param journalMaxBytes its limit of memory
 * @param calls makes calls once more
 * @param routes where calls go
 * @param others where calls go that no route is for, without anything secret
 * @param sessions of the clients
 * @param refusedClients that got none
 * @param refusedCallbacks links of the server's that may not call
 * @param memory what is held for sessions
 * @param loops that relay, whose delay is measured
 * @param server the PostgreSQL server
 * @param draining whether no new sessions may begin
 * @param callback whether the server's way back to the proxy is proven, for people
 * @param version of the proxy
 * @param startedAt when it was started
 */
public record AdminSources(
    Journal journal,
    long journalMaxBytes,
    CallEvaluator calls,
    Supplier<List<RouteState>> routes,
    String others,
    Supplier<List<SessionState>> sessions,
    RefusalCounts refusedClients,
    RefusalCounts refusedCallbacks,
    MemoryBudget memory,
    EventLoopGroup loops,
    ServerAddress server,
    BooleanSupplier draining,
    Supplier<String> callback,
    String version,
    Instant startedAt) {}
