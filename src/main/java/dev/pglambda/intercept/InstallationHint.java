package dev.pglambda.intercept;

import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.SqlState;

/** Tells a client that calls the extensions where they are not installed what to do about it. */
public final class InstallationHint {
  static final String HINT =
      "Run CREATE EXTENSION aws_lambda CASCADE through pg-lambda-proxy to install it.";

  /** For a role that may not run it either. */
  public static final String NOT_TRUSTED =
      "Where aws_lambda is not installed, pg-lambda-proxy serves calls of the roles that its option"
          + " --trusted-roles names. One of them can run CREATE EXTENSION aws_lambda CASCADE.";

  private InstallationHint() {}

  /**
   * Adds the HINT to an error about a schema that is missing where a function or a type was looked
   * for; true if it did. PostgreSQL gives those a position, and none to those of {@code CREATE
   * EXTENSION .. SCHEMA aws_lambda} or {@code GRANT .. ON SCHEMA}. The message names the schema in
   * all languages.
   *
   * @param trusted whether the role can do what the HINT says, as far as is known
   */
  public static boolean add(ErrorFields fields, boolean trusted) {
    String message = fields.get(ErrorFields.MESSAGE);
    if (!SqlState.INVALID_SCHEMA_NAME.equals(fields.get(ErrorFields.SQLSTATE))
        || message == null
        || !(message.contains("aws_lambda") || message.contains("aws_commons"))
        || fields.get(ErrorFields.HINT) != null
        || (fields.get(ErrorFields.POSITION) == null
            && fields.get(ErrorFields.INTERNAL_POSITION) == null)) {
      return false;
    }
    fields.with(ErrorFields.HINT, trusted ? HINT : NOT_TRUSTED);
    return true;
  }
}
