package dev.pglambda.intercept;

/**
 * What the server has reported of the session's settings (manual, "Asynchronous Operations",
 * ParameterStatus).
 */
public interface ServerSettings {

  /**
   * Whether backslashes are ordinary characters in {@code '..'} literals; PostgreSQL's default is
   * yes.
   */
  boolean standardConformingStrings();

  /** Whether a byte below 128 is an ASCII character wherever it stands in the client's encoding. */
  boolean asciiSafe();

  /** Whether the client's encoding is UTF8. */
  boolean utf8();
}
