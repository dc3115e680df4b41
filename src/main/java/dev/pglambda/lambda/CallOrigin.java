package dev.pglambda.lambda;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Where a call comes from. Only the client's address is known for certain; the rest is told by the
 * server's function or by the client, for people to read. Null each: not known.
 *
 * @param client address of the client; null for a session of another proxy
 * @param database name of the database
 * @param role that the client has logged in as; of a call by the server, or has set since
 * @param applicationName the client's {@code application_name}
 * @param serverProcess process of the server, {@code pg_backend_pid()}
 * @param statement what the client had in flight; cut in the middle if it is long
 * @param installation of the extension, through which the call has come; null for a direct call
 * @param replayOf the journal's number of the call that is made once more
 */
public record CallOrigin(
    @Nullable SocketAddress client,
    @Nullable String database,
    @Nullable String role,
    @Nullable String applicationName,
    @Nullable Integer serverProcess,
    @Nullable String statement,
    @Nullable String installation,
    @Nullable Long replayOf) {
  /** A session that is not at this proxy. */
  public static final CallOrigin UNKNOWN = of(null);

  /** A client of which nothing else is known. */
  public static CallOrigin of(@Nullable SocketAddress client) {
    return new CallOrigin(client, null, null, null, null, null, null, null);
  }

  /** The same for a call that is made once more. */
  public CallOrigin replaying(long id) {
    return new CallOrigin(
        client, database, role, applicationName, serverProcess, statement, installation, id);
  }

  /** The same with another text of the statement. */
  public CallOrigin withStatement(@Nullable String other) {
    return new CallOrigin(
        client, database, role, applicationName, serverProcess, other, installation, replayOf);
  }

  /** For the log. */
  @Override
  public String toString() {
    return client == null ? "an unknown client" : "client " + client;
  }
}
