package dev.pglambda.callback;

import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;

/** A text that is no request we know: an ErrorResponse is the answer, and the link goes on. */
final class RefusedRequestException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient SqlError error;

  RefusedRequestException(SqlError error) {
    super(error.message(), null, false, false);
    this.error = error;
  }

  /** The text has not even the form of a request: somebody looks around. */
  static RefusedRequestException notARequest() {
    return new RefusedRequestException(
        new SqlError(
            SqlState.PROTOCOL_VIOLATION,
            "not a request of the extension aws_lambda",
            null,
            "The user \"pglambda\" serves the functions of that extension only. Connect as another"
                + " user."));
  }

  /** The proof fits, so the extension's functions sent it: they are of another version. */
  static RefusedRequestException unknownRequest(String name) {
    return otherVersion("unknown request: " + name + " (expected: invoke/1 or wait/1)");
  }

  /** As {@link #unknownRequest}, where the difference shows in the fields. */
  static RefusedRequestException malformed(String what) {
    return otherVersion("malformed request: " + what);
  }

  private static RefusedRequestException otherVersion(String message) {
    return new RefusedRequestException(
        new SqlError(
            SqlState.PROTOCOL_VIOLATION,
            message,
            "The extension aws_lambda in this database and the proxy are of different versions.",
            "Run ALTER EXTENSION aws_lambda UPDATE through the proxy."));
  }

  SqlError error() {
    return error;
  }
}
