package dev.pglambda.callback;

import dev.pglambda.protocol.auth.ScramCredentials;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What links of an installation need: its keys, and what SCRAM makes of its password. Computed when
 * its first link comes and kept for the next ones, so that who connects again and again does not
 * have the iterations of SCRAM done each time. Nobody but the secret makes installations, so nobody
 * else can have them done either. Safe for use by several threads.
 */
final class Installations {
  /** Fewer would do: those of the databases that call through one proxy. */
  private static final int MOST_KEPT = 1000;

  private static final float LOAD_FACTOR = 0.75f;

  private final CallbackSecret secret;
  private final Map<String, Installation> kept =
      new LinkedHashMap<>(16, LOAD_FACTOR, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Installation> eldest) {
          return size() > MOST_KEPT;
        }
      };

  Installations(CallbackSecret secret) {
    this.secret = secret;
  }

  /** One installation. */
  record Installation(InstallationKeys keys, ScramCredentials credentials) {
    static Installation of(InstallationKeys keys) {
      return new Installation(keys, new ScramCredentials(keys.linkPassword(), keys.salt()));
    }
  }

  /** Null if the name is not of this secret. */
  @Nullable Installation named(String name) {
    if (!secret.isInstallation(name)) {
      return null;
    }
    synchronized (kept) {
      return kept.computeIfAbsent(name, known -> Installation.of(secret.keys(known)));
    }
  }
}
