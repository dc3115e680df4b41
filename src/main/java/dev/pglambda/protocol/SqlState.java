package dev.pglambda.protocol;

/**
 * The SQLSTATE codes the relay itself raises or looks for (PostgreSQL manual, appendix "PostgreSQL
 * Error Codes").
 */
public final class SqlState {
  /** sqlclient_unable_to_establish_sqlconnection. */
  public static final String UNABLE_TO_CONNECT = "08001";

  /** connection_failure. */
  public static final String CONNECTION_FAILURE = "08006";

  /** protocol_violation. */
  public static final String PROTOCOL_VIOLATION = "08P01";

  /** feature_not_supported. */
  public static final String FEATURE_NOT_SUPPORTED = "0A000";

  /** out_of_memory. */
  public static final String INVALID_SCHEMA_NAME = "3F000";

  public static final String OUT_OF_MEMORY = "53200";

  /** too_many_connections. */
  public static final String TOO_MANY_CONNECTIONS = "53300";

  /** program_limit_exceeded. */
  public static final String PROGRAM_LIMIT_EXCEEDED = "54000";

  /** admin_shutdown. */
  public static final String ADMIN_SHUTDOWN = "57P01";

  /** crash_shutdown. */
  public static final String CRASH_SHUTDOWN = "57P02";

  /** cannot_connect_now. */
  public static final String CANNOT_CONNECT_NOW = "57P03";

  private SqlState() {}
}
