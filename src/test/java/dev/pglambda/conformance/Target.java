package dev.pglambda.conformance;

import org.jspecify.annotations.Nullable;

/**
 * Where cases run.
 *
 * @param host host of the proxy or server
 * @param port its port
 * @param user superuser that runs setup and teardown, and the case if it names no role
 * @param database database, the same for all
 * @param version PostgreSQL's major version, for example 17
 * @param password of every user; null if the server asks for none
 */
public record Target(
    String host, int port, String user, String database, int version, @Nullable String password) {

  /** A server that asks for no password. */
  public Target(String host, int port, String user, String database, int version) {
    this(host, port, user, database, version, null);
  }
}
