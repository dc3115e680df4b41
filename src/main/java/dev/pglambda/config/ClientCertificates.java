package dev.pglambda.config;

/** Whether a TLS client has to show a certificate; one that it shows is always verified. */
public enum ClientCertificates {
  OPTIONAL,
  REQUIRED
}
