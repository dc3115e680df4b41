/**
 * TLS towards clients: certificates and keys in PEM, the self-signed certificate, and the handler
 * that stands first in the pipeline of an encrypted connection. When a connection becomes encrypted
 * is the listener's matter.
 */
@NullMarked
package dev.pglambda.tls;

import org.jspecify.annotations.NullMarked;
