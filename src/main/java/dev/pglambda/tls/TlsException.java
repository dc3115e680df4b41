package dev.pglambda.tls;

import org.jspecify.annotations.Nullable;

/**
 * A certificate, a key or an option with which there is no TLS. The message is one line: the
 * option, what is there, and what is expected.
 */
public final class TlsException extends Exception {
  private static final long serialVersionUID = 1L;

  TlsException(String source, String actual, String expected, @Nullable Throwable cause) {
    super("%s: %s (expected: %s)".formatted(source, actual, expected), cause);
  }

  TlsException(String source, String actual, String expected) {
    this(source, actual, expected, null);
  }
}
