package dev.pglambda.protocol;

import java.util.Locale;

/** Why a connection is refused, as far as the SQLSTATE tells that its client is answered. */
public enum RefusalReason {
  /** There is no place for it. */
  TOO_MANY,
  /** The proxy stops. */
  SHUTTING_DOWN,
  /** Who connects, from there or in this way, may not, or has not proved that it may. */
  NOT_ALLOWED,
  /** It has taken too long. */
  TOO_SLOW,
  /** It does not speak the protocol. */
  PROTOCOL_VIOLATION,
  /** Any other one. */
  OTHER;

  static RefusalReason of(String sqlState) {
    return switch (sqlState) {
      case SqlState.TOO_MANY_CONNECTIONS -> TOO_MANY;
      case SqlState.CANNOT_CONNECT_NOW -> SHUTTING_DOWN;
      case SqlState.INVALID_AUTHORIZATION_SPECIFICATION, SqlState.INVALID_PASSWORD -> NOT_ALLOWED;
      case SqlState.QUERY_CANCELED -> TOO_SLOW;
      case SqlState.PROTOCOL_VIOLATION -> PROTOCOL_VIOLATION;
      default -> OTHER;
    };
  }

  /** As metrics name it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
