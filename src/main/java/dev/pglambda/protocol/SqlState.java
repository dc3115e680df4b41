package dev.pglambda.protocol;

/**
 * The SQLSTATEs that the proxy raises or looks for, by PostgreSQL's names (manual, appendix
 * "PostgreSQL Error Codes").
 */
public final class SqlState {
  public static final String WARNING = "01000";
  public static final String SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION = "08001";
  public static final String CONNECTION_FAILURE = "08006";
  public static final String PROTOCOL_VIOLATION = "08P01";
  public static final String FEATURE_NOT_SUPPORTED = "0A000";
  public static final String NULL_VALUE_NOT_ALLOWED = "22004";
  public static final String CHARACTER_NOT_IN_REPERTOIRE = "22021";
  public static final String INVALID_PARAMETER_VALUE = "22023";
  public static final String INVALID_TEXT_REPRESENTATION = "22P02";
  public static final String INVALID_AUTHORIZATION_SPECIFICATION = "28000";
  public static final String INVALID_PASSWORD = "28P01";
  public static final String EXTERNAL_ROUTINE_EXCEPTION = "38000";
  public static final String INVALID_SCHEMA_NAME = "3F000";
  public static final String INSUFFICIENT_PRIVILEGE = "42501";
  public static final String SYNTAX_ERROR = "42601";
  public static final String AMBIGUOUS_FUNCTION = "42725";
  public static final String UNDEFINED_FUNCTION = "42883";
  public static final String OUT_OF_MEMORY = "53200";
  public static final String TOO_MANY_CONNECTIONS = "53300";
  public static final String CONFIGURATION_LIMIT_EXCEEDED = "53400";
  public static final String PROGRAM_LIMIT_EXCEEDED = "54000";
  public static final String TOO_MANY_ARGUMENTS = "54023";
  public static final String QUERY_CANCELED = "57014";
  public static final String ADMIN_SHUTDOWN = "57P01";
  public static final String CRASH_SHUTDOWN = "57P02";
  public static final String CANNOT_CONNECT_NOW = "57P03";
  public static final String IDLE_SESSION_TIMEOUT = "57P05";
  public static final String UNDEFINED_FILE = "58P01";
  public static final String INTERNAL_ERROR = "XX000";

  private SqlState() {}
}
