package dev.pglambda.config;

/**
 * Whether a connection to the server is encrypted, and what its certificate has to prove: libpq's
 * {@code sslmode} (PostgreSQL manual, "SSL Support").
 */
public enum SslMode {
  DISABLE,
  /** Encrypted if the server can; nothing is verified, so there is no protection. */
  PREFER,
  /** Encrypted; nothing is verified. */
  REQUIRE,
  /** An authority that is trusted has signed the certificate. */
  VERIFY_CA,
  /** And it is the certificate of the host that was named. */
  VERIFY_FULL
}
