package dev.pglambda.relay;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The server was reached, but there is no TLS with it, or none that may be used. */
final class NegotiationException extends IOException {
  private static final long serialVersionUID = 1L;

  /** What else can be tried. */
  enum Next {
    NOTHING,
    /** A new connection without TLS, where that may be. */
    PLAIN,
    /** Another address of the server's. */
    ADDRESS
  }

  private final Next next;

  NegotiationException(String message, Next next) {
    this(message, next, null);
  }

  NegotiationException(String message, Next next, @Nullable Throwable cause) {
    super(message, cause);
    this.next = next;
  }

  Next next() {
    return next;
  }
}
