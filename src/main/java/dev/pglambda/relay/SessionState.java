package dev.pglambda.relay;

import dev.pglambda.intercept.ClientEncoding;
import dev.pglambda.intercept.ServerSettings;

/** What the server has told of the session; both directions use it. */
final class SessionState implements ServerSettings {
  private static final byte IDLE = 'I';
  private static final byte IN_FAILED_TRANSACTION = 'E';

  private boolean standardConformingStrings = true;
  private ClientEncoding encoding = ClientEncoding.SINGLE_BYTE;
  private byte transaction = IN_FAILED_TRANSACTION;
  private boolean keysWanted;

  @Override
  public boolean standardConformingStrings() {
    return standardConformingStrings;
  }

  @Override
  public ClientEncoding encoding() {
    return encoding;
  }

  /** ReadyForQuery told the transaction status: I, T or E. */
  void ready(byte transactionStatus) {
    transaction = transactionStatus;
  }

  /** Whether a transaction was open when the server was ready last. */
  boolean inTransaction() {
    return transaction != IDLE;
  }

  /**
   * Whether the server would refuse any statement but the end of the transaction, when last it was
   * ready.
   */
  boolean transactionFailed() {
    return transaction == IN_FAILED_TRANSACTION;
  }

  /** Whether a statement wanted the proxy's keys and has not got them yet. */
  boolean keysWanted() {
    return keysWanted;
  }

  void keysWanted(boolean wanted) {
    keysWanted = wanted;
  }

  void parameter(String name, String value) {
    switch (name) {
      case "standard_conforming_strings" -> standardConformingStrings = value.equals("on");
      case "client_encoding" -> encoding = ClientEncoding.named(value);
      default -> {
        // of no interest to the relay
      }
    }
  }
}
