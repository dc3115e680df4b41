package dev.pglambda.relay;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A session as it is now, for people. Null each: not known, or not yet.
 *
 * @param client its address
 * @param database as the client has named it
 * @param role that the client has logged in as, or has set with {@code SET SESSION AUTHORIZATION}
 * @param applicationName the client's {@code application_name}
 * @param serverProcess process of the server
 * @param since when the client's first packet came
 */
public record SessionState(
    @Nullable String client,
    @Nullable String database,
    @Nullable String role,
    @Nullable String applicationName,
    @Nullable Integer serverProcess,
    Instant since) {}
