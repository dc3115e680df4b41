package dev.pglambda.config;

/** How TLS begins on a connection to the server: libpq's {@code sslnegotiation}. */
public enum SslNegotiation {
  /** The server is asked first, with an SSLRequest. */
  POSTGRES,
  /** At once; PostgreSQL 17 and newer take that. */
  DIRECT
}
