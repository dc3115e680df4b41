package dev.pglambda.embedded;

import org.jspecify.annotations.Nullable;

/**
 * The embedded PostgreSQL server cannot be started. The first line of the message says what failed,
 * names the path or option concerned and what to do; further lines, if any, are the end of the
 * server's own log.
 */
public class EmbeddedPostgresException extends Exception {
  private static final long serialVersionUID = 1L;

  public EmbeddedPostgresException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
