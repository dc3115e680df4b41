package dev.pglambda.config;

/** Whether a TLS client has to show a certificate; one that it shows is always verified. */
public enum ClientCertificates {
  OPTIONAL,
  REQUIRED,

  /** And its common name has to be the user's. */
  VERIFY_FULL
}
