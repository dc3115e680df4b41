package dev.pglambda.config;

import dev.pglambda.config.HostAndPort.HostAndOptionalPort;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * IAM database authentication: the options {@code --iam-*}, in a combination that means something.
 *
 * @param unverified whether a token counts although the proxy has not the credentials that it was
 *     signed with
 * @param users names of those who log in by a token; {@code *}: all
 * @param hosts for one of which a token must be made; empty: any
 * @param password by which the proxy logs in to the server for these users; null: none
 */
public record IamAuthentication(
    boolean unverified,
    List<String> users,
    List<HostAndOptionalPort> hosts,
    @Nullable Password password) {

  public IamAuthentication {
    users = List.copyOf(users);
    hosts = List.copyOf(hosts);
  }

  /** Null: it is off. */
  static @Nullable IamAuthentication of(Settings settings) throws ConfigException {
    IamMode mode = settings.constant(Option.IAM_AUTH, IamMode.class);
    List<String> users = settings.optional(Option.IAM_USERS, Values::names);
    List<HostAndOptionalPort> hosts = settings.optional(Option.IAM_HOST, Values::targets);
    Password password = settings.iamPassword();
    if (mode == IamMode.OFF) {
      refuseOthers(settings);
      return null;
    }
    if (users == null) {
      throw new ConfigException(
          settings.source(Option.IAM_AUTH), "nobody to authenticate", "beside --iam-users");
    }
    return new IamAuthentication(
        mode == IamMode.UNVERIFIED, users, hosts == null ? List.of() : hosts, password);
  }

  /** Who names users counts on their being asked for a token. */
  private static void refuseOthers(Settings settings) throws ConfigException {
    for (Option option : Option.IAM) {
      if (option != Option.IAM_AUTH && settings.isGiven(option)) {
        throw new ConfigException(
            settings.source(option), "IAM authentication is off", "beside --iam-auth on");
      }
    }
  }
}
