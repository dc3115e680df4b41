package dev.pglambda.intercept;

import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.SqlState;

/** Tells a client that calls the extensions where they are not installed what to do about it. */
public final class InstallationHint {
  static final String HINT =
      "Run CREATE EXTENSION aws_lambda CASCADE through pg-lambda-proxy to install it.";

  private InstallationHint() {}

  /**
   * Adds the HINT to an error about a schema that is missing, whatever the language of its message:
   * in all of them it names the schema.
   *
   * @param fields changed in place
   * @return whether anything changed
   */
  public static boolean add(ErrorFields fields) {
    String message = fields.get(ErrorFields.MESSAGE);
    if (!SqlState.INVALID_SCHEMA_NAME.equals(fields.get(ErrorFields.SQLSTATE))
        || message == null
        || !(message.contains("aws_lambda") || message.contains("aws_commons"))
        || fields.get(ErrorFields.HINT) != null) {
      return false;
    }
    fields.with(ErrorFields.HINT, HINT);
    return true;
  }
}
