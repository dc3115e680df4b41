package dev.pglambda.embedded;

import org.jspecify.annotations.Nullable;

/** The data directory cannot be used: another one must be named. The message is one line. */
public final class DataDirectoryException extends EmbeddedPostgresException {
  private static final long serialVersionUID = 1L;

  public DataDirectoryException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
