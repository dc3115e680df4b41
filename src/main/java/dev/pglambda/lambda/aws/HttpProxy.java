package dev.pglambda.lambda.aws;

import org.jspecify.annotations.Nullable;

/**
 * A proxy for HTTP requests.
 *
 * @param scheme how it is spoken to, {@code http} or {@code https}
 * @param host name or address
 * @param port its port
 * @param user who asks it, or null
 * @param password the user's, or null
 * @param source the setting that names it, for example {@code HTTPS_PROXY}
 */
record HttpProxy(
    String scheme,
    String host,
    int port,
    @Nullable String user,
    @Nullable String password,
    String source) {

  /** For logs and users: no credentials. */
  @Override
  public String toString() {
    return host + ":" + port + " (" + source + ")";
  }
}
