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

  /** Whether the session's user is a superuser; false as long as the server has not said so. */
  boolean superuser();
}
