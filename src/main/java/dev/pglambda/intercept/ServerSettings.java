package dev.pglambda.intercept;

import dev.pglambda.protocol.ClientEncoding;

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

  /** The client's encoding. */
  ClientEncoding encoding();
}
