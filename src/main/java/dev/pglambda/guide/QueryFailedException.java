package dev.pglambda.guide;

import dev.pglambda.protocol.ErrorFields;
import java.util.Objects;

/** The server answered a statement, or the connection, with an ErrorResponse. */
final class QueryFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  QueryFailedException(ErrorFields error) {
    super(
        "%s:  %s"
            .formatted(
                error.get(ErrorFields.SEVERITY),
                Objects.requireNonNullElse(error.get(ErrorFields.MESSAGE), "(no message)")));
  }
}
