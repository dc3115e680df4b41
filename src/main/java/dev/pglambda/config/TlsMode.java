package dev.pglambda.config;

/** Whether clients' connections are encrypted, or the server's calls. */
public enum TlsMode {
  /** Requests for TLS are refused. */
  DISABLE,
  /** The client decides. */
  ALLOW,
  /** Sessions without TLS are refused. */
  REQUIRE
}
