package dev.pglambda.extension;

/**
 * The run-time parameters that RDS defines for every session, and an unmodified server does not.
 */
public final class SessionParameters {
  /**
   * A query that gives the session those it has not got, or that have lost their value by RESET or
   * DISCARD, with RDS's defaults. It needs nothing of the search_path and no privilege.
   */
  public static final String QUERY = SqlTemplate.named("session_parameters.sql").text();

  private SessionParameters() {}
}
