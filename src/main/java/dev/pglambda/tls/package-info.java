/**
 * TLS, towards clients and towards the server: certificates and keys in PEM, the self-signed
 * certificate, and the handlers that stand first in the pipeline of an encrypted connection. When a
 * connection becomes encrypted is the business of those who hold it.
 */
@NullMarked
package dev.pglambda.tls;

import org.jspecify.annotations.NullMarked;
