package dev.pglambda;

import dev.pglambda.admin.AdminLimits;
import dev.pglambda.admin.AdminServer;
import dev.pglambda.admin.AdminSources;
import dev.pglambda.config.Config;
import dev.pglambda.config.HostAndPort;
import dev.pglambda.config.ServerAddress;
import dev.pglambda.journal.Journal;
import dev.pglambda.lambda.CallEvaluator;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.RefusalCounts;
import dev.pglambda.relay.Sessions;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Where browsers and programs look at the calls. No other class refers to the administration, so
 * that nothing of it is loaded where it is off.
 *
 * @param server to be closed with the proxy
 * @param url for people
 */
record AdminInterface(AutoCloseable server, String url) {

  /** Opens it as the configuration says, which has it on. */
  static AdminInterface open(
      Config config,
      Journal journal,
      CallEvaluator calls,
      LambdaSource lambda,
      Sessions sessions,
      RefusalCounts refusedCallbacks,
      MemoryBudget memory,
      EventLoopGroup loops,
      ServerAddress postgres,
      Supplier<String> callbackProof)
      throws StartException, InterruptedException {
    Config.Admin admin = Objects.requireNonNull(config.admin());
    if (admin.token() == null && !isLoopback(admin.address())) {
      throw StartException.badUsage(
          "--admin: \"%s\" (expected: an address of this machine, or --admin-token beside it)"
              .formatted(admin.address()),
          null);
    }
    String version = AdminInterface.class.getPackage().getImplementationVersion();
    AdminSources sources =
        new AdminSources(
            journal,
            journal.maxBytes(),
            calls,
            lambda.invoker()::routes,
            lambda.others(),
            sessions::states,
            sessions.refusals(),
            refusedCallbacks,
            memory,
            loops,
            postgres,
            sessions::isDraining,
            callbackProof,
            version == null ? "unknown" : version,
            Instant.now());
    try {
      AdminServer server = AdminServer.start(admin, sources, AdminLimits.DEFAULT);
      return new AdminInterface(server, url(admin.address().host(), server.address()));
    } catch (IOException e) {
      throw StartException.badUsage(
          "--admin %s: %s (expected: an address of this machine and a free port)"
              .formatted(admin.address(), e.getMessage()),
          e);
    }
  }

  private static boolean isLoopback(HostAndPort address) {
    InetAddress found = new InetSocketAddress(address.host(), address.port()).getAddress();
    return !address.host().isEmpty() && found != null && found.isLoopbackAddress();
  }

  private static String url(String host, InetSocketAddress bound) {
    boolean isAny = bound.getAddress().isAnyLocalAddress();
    return "http://" + new HostAndPort(isAny ? "127.0.0.1" : host, bound.getPort()) + "/";
  }
}
