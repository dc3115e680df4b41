package dev.pglambda.config;

import dev.pglambda.config.HostAndPort.HostAndOptionalPort;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * IAM database authentication: the options {@code --iam-*}, in a combination that means something.
 *
 * @param unsigned whether a token counts although the proxy has not the credentials that it was
 *     signed with
 * @param users names of those who log in by a token; {@code *}: all
 * @param host for which tokens must be made; null: any
 * @param port the same
 * @param password by which the proxy logs in to the server for these users; null: none
 */
public record IamAuthentication(
    boolean unsigned,
    List<String> users,
    @Nullable String host,
    @Nullable Integer port,
    @Nullable Password password) {

  public IamAuthentication {
    users = List.copyOf(users);
  }

  /** Null: it is off. */
  static @Nullable IamAuthentication of(Settings settings) throws ConfigException {
    IamMode mode = settings.constant(Option.IAM_AUTH, IamMode.class);
    List<String> users = settings.optional(Option.IAM_USERS, Values::names);
    HostAndOptionalPort host = settings.optional(Option.IAM_HOST, Values::target);
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
        mode == IamMode.UNSIGNED,
        users,
        host == null ? null : host.host(),
        host == null ? null : host.port(),
        password);
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
