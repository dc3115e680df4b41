package dev.pglambda;

import dev.pglambda.config.Config;
import dev.pglambda.config.HostAndPort;
import dev.pglambda.config.IamAuthentication;
import dev.pglambda.config.ServerAddress;
import dev.pglambda.embedded.EmbeddedPostgres;
import dev.pglambda.extension.TrustedRoles;
import dev.pglambda.tls.ClientTls;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a user is told at the start. */
final class StartupBanner {
  private StartupBanner() {}

  /**
   * What is embedded, what is sample and what is real, and how to connect to the address.
   *
   * @param adminUrl where the calls are seen; null: nowhere
   */
  static List<String> lines(
      Config config,
      ListeningSockets sockets,
      LambdaSource lambda,
      PostgresSource postgres,
      TrustedRoles trustedRoles,
      @Nullable ClientTls tls,
      @Nullable String adminUrl) {
    InetSocketAddress address = sockets.address();
    HostAndPort listen = new HostAndPort(config.listen().tcp().host(), address.getPort());
    EmbeddedPostgres embedded = postgres.embedded();
    List<String> lines = new ArrayList<>();
    lines.add(
        "pg-lambda-proxy listens on "
            + listen
            + (sockets.socket() == null ? "" : " and " + sockets.socket()));
    addTitled(lines, "  PostgreSQL  ", postgres.description());
    if (embedded == null
        && config.callback().host() == null
        && address.getAddress().isLoopbackAddress()
        && isElsewhere(postgres.address())) {
      lines.add(
          "              WARNING: PostgreSQL cannot call back to %s: use --listen or --callback-address"
              .formatted(listen));
    }
    lines.add("  Trusted     " + trustedRoles.description() + " (--trusted-roles)");
    addTitled(lines, "  Lambda      ", lambda.description());
    addTitled(
        lines, "  TLS         ", tls == null ? List.of("off (--tls-cert)") : tls.description());
    IamAuthentication iam = config.iam();
    if (iam != null) {
      addTitled(lines, "  IAM         ", describe(iam));
    }
    if (adminUrl != null) {
      lines.add("  Calls       " + adminUrl);
    }
    lines.add("Connect with");
    lines.add(
        "  psql -h %s -p %d %s"
            .formatted(
                address.getAddress().isAnyLocalAddress() ? "127.0.0.1" : listen.host(),
                listen.port(),
                embedded == null
                    ? "-U <user> <database>"
                    : "-U " + embedded.user() + " " + PostgresSource.EMBEDDED_DATABASE));
    return lines;
  }

  private static List<String> describe(IamAuthentication iam) {
    String users = String.join(", ", iam.users());
    return iam.unverified()
        ? List.of(
            "users who log in by a token: " + users,
            "WARNING: a token of any AWS credentials counts, so anybody can make one (--iam-auth)")
        : List.of("users who log in by a token: " + users);
  }

  private static void addTitled(List<String> lines, String title, List<String> description) {
    String indent = title;
    for (String line : description) {
      lines.add(indent + line);
      indent = " ".repeat(title.length());
    }
  }

  /** Whether a server is, by its name, on another machine. */
  private static boolean isElsewhere(ServerAddress server) {
    if (!(server instanceof HostAndPort tcp)) {
      return false;
    }
    String host = tcp.host();
    byte[] bytes = NetUtil.createByteArrayFromIpAddressString(host);
    return bytes == null
        ? !host.equalsIgnoreCase("localhost")
        : bytes[0] != 127 && !host.equals("::1");
  }
}
