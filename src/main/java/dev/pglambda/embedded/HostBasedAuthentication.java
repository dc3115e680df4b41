package dev.pglambda.embedded;

import java.util.ArrayList;
import java.util.List;

/**
 * The server's {@code pg_hba.conf} (PostgreSQL manual, "The pg_hba.conf File"), written anew at
 * each start. The first rule that fits counts.
 */
final class HostBasedAuthentication {

  private HostBasedAuthentication() {}

  static String rules(InstanceSettings settings) {
    // The server sees the proxy only, at a loopback address, whoever is behind it.
    String method = settings.passwords() ? "scram-sha-256" : "trust";
    List<String> lines = new ArrayList<>();
    lines.add("# Written by pg-lambda-proxy at each start: changes are lost.");
    lines.add("host replication " + InstanceSettings.ADMINISTRATOR + " all reject");
    lines.add("host all " + InstanceSettings.ADMINISTRATOR + " all reject");
    if (settings.superuser()) {
      lines.add("host replication all " + ServerProcess.HOST + "/32 " + method);
    }
    lines.add("host all all " + ServerProcess.HOST + "/32 " + method);
    return String.join("\n", lines) + "\n";
  }
}
