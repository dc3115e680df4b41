package dev.pglambda;

import dev.pglambda.callback.CallbackParameter;
import dev.pglambda.callback.CallbackSecret;
import dev.pglambda.callback.HmacKey;
import dev.pglambda.callback.InstallationKeys;
import dev.pglambda.config.Config;
import dev.pglambda.config.Secret;
import dev.pglambda.config.UnixSocket;
import dev.pglambda.extension.CallbackKeySql;
import dev.pglambda.extension.CallbackSettings;
import dev.pglambda.extension.ExtensionInstaller;
import dev.pglambda.extension.KeyPads;
import dev.pglambda.extension.TrustedRoles;
import dev.pglambda.relay.CallbackKeyDelivery;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Where calls come from: what PostgreSQL is given so that it can call the proxy.
 *
 * @param host where it connects to; null: the address at which it sees the proxy
 * @param port where it connects to
 * @param secret what its keys are derived from
 * @param encryption whether it is to use TLS
 */
record CallbackSource(
    @Nullable String host, int port, CallbackSecret secret, CallbackEncryption encryption) {
  /** Not the name that earlier versions used, whose keys may be known. */
  private static final String SECRET_FILE = "installation-secret";

  /**
   * Reads the secret, or makes it; the port is the proxy's unless another one is set.
   *
   * @param listen where the proxy accepts calls
   */
  static CallbackSource open(Config config, InetSocketAddress listen, CallbackEncryption encryption)
      throws StartException {
    int port = Objects.requireNonNullElse(config.callback().port(), listen.getPort());
    String host = config.callback().host();
    boolean isLocal = config.backend() instanceof UnixSocket;
    return new CallbackSource(
        host == null && isLocal ? hostHere(listen.getAddress()) : host,
        port,
        secret(config),
        encryption);
  }

  /** Where this machine reaches the proxy: a Unix-domain socket shows the server no address. */
  private static String hostHere(InetAddress listen) {
    return (listen.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : listen)
        .getHostAddress();
  }

  private static CallbackSecret secret(Config config) throws StartException {
    Secret configured = config.callback().secret();
    if (configured != null) {
      return CallbackSecret.of(configured.bytes());
    }
    try {
      return CallbackSecret.loadOrCreate(config.dataDirectory().resolve(SECRET_FILE));
    } catch (IOException e) {
      throw StartException.badUsage(
          "--data-dir %s: %s (expected: a directory that can keep the callback secret, or set --callback-secret)"
              .formatted(config.dataDirectory(), e.getMessage()),
          e);
    }
  }

  /** For people. */
  String target() {
    return host == null
        ? "port %d of the address from which the proxy connects".formatted(port)
        : "%s:%d".formatted(host, port);
  }

  /** What an installation is to store; null, or one of another secret, gets a new name. */
  CallbackSettings settings(@Nullable String installation) {
    String name =
        installation != null && secret.isInstallation(installation)
            ? installation
            : secret.newInstallation();
    InstallationKeys keys = secret.keys(name);
    return new CallbackSettings(
        host,
        port,
        encryption.isOffered(),
        name,
        keys.linkPassword(),
        pads(keys.requestKey()),
        pads(secret.callbackKey()));
  }

  private static KeyPads pads(HmacKey key) {
    return KeyPads.of(key.innerPad(), key.outerPad());
  }

  /** How sessions of these roles get the settings. */
  CallbackKeyDelivery delivery(TrustedRoles roles) {
    CallbackKeySql sql = CallbackKeySql.of(roles);
    return new CallbackKeyDelivery(
        CallbackKeySql.CURSOR,
        sql.ask(),
        sql.askForProcedure(),
        ExtensionInstaller.SESSION_PARAMETERS,
        sql.query(),
        installation -> sql.values(settings(installation)),
        CallbackKeySql.STORE_BLOCK,
        CallbackKeySql.WANTED,
        CallbackKeySql.FAILED);
  }

  /** The parameter of a session, from its token and the proxy's address towards the server. */
  BiFunction<String, InetAddress, String> parameter() {
    HmacKey key = secret.callbackKey();
    return (token, address) ->
        (host == null
                ? CallbackParameter.ofAddress(address, port, token, encryption.isOffered())
                : new CallbackParameter(host, port, token, encryption.isOffered()))
            .signedWith(key);
  }
}
