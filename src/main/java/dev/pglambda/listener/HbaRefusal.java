package dev.pglambda.listener;

import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import org.jspecify.annotations.Nullable;

/**
 * What a client is told that may not connect from where it does, or not without TLS: the words of
 * PostgreSQL 14 and newer, and so of RDS (auth.c, ClientAuthentication).
 */
final class HbaRefusal {
  private HbaRefusal() {}

  /** For want of a line in {@code pg_hba.conf}. */
  static SqlError noEntry(StartupMessage startup, @Nullable String host, boolean encrypted) {
    String what = isPhysicalReplication(startup) ? " replication connection from" : "";
    return error("no pg_hba.conf entry for" + what, startup, host, encrypted);
  }

  /** By a line {@code host all +rds_iam all reject}, which RDS has: a token needs TLS. */
  static SqlError rejected(StartupMessage startup, @Nullable String host) {
    String what = isPhysicalReplication(startup) ? "replication connection" : "connection";
    return error("pg_hba.conf rejects " + what + " for", startup, host, false);
  }

  private static SqlError error(
      String what, StartupMessage startup, @Nullable String host, boolean encrypted) {
    String database =
        isPhysicalReplication(startup) ? "" : ", database \"%s\"".formatted(startup.database());
    return new SqlError(
        SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
        "%s host \"%s\", user \"%s\"%s, %s"
            .formatted(
                what,
                host == null ? "???" : host,
                startup.user(),
                database,
                encrypted ? "SSL encryption" : "no encryption"));
  }

  /** A walsender of a database, for logical replication, is named as any session. */
  private static boolean isPhysicalReplication(StartupMessage startup) {
    return startup.replication() && !"database".equals(startup.parameters().get("replication"));
  }
}
