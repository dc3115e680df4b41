package dev.pglambda.listener;

import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/**
 * What a client is told that may not connect from where it does, or not without TLS: the words of
 * PostgreSQL 14 and newer, and so of RDS, for want of a line in {@code pg_hba.conf} (auth.c,
 * ClientAuthentication).
 */
final class HbaRefusal {
  private HbaRefusal() {}

  static SqlError of(StartupMessage startup, SocketAddress client, boolean encrypted) {
    String encryption = encrypted ? "SSL encryption" : "no encryption";
    String host = client instanceof InetSocketAddress address ? hostOf(address) : "???";
    String message =
        isPhysicalReplication(startup)
            ? "no pg_hba.conf entry for replication connection from host \"%s\", user \"%s\", %s"
                .formatted(host, startup.user(), encryption)
            : "no pg_hba.conf entry for host \"%s\", user \"%s\", database \"%s\", %s"
                .formatted(host, startup.user(), startup.database(), encryption);
    return new SqlError(SqlState.INVALID_AUTHORIZATION_SPECIFICATION, message);
  }

  private static String hostOf(InetSocketAddress address) {
    return address.getAddress() == null ? "???" : address.getAddress().getHostAddress();
  }

  /** A walsender of a database, for logical replication, is named as any session. */
  private static boolean isPhysicalReplication(StartupMessage startup) {
    return startup.replication() && !"database".equals(startup.parameters().get("replication"));
  }
}
