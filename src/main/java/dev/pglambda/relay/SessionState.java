package dev.pglambda.relay;

import dev.pglambda.intercept.ServerSettings;
import java.util.Set;

/** What the server has told of the session; both directions use it. */
final class SessionState implements ServerSettings {
  /** The client encodings in which a byte below 128 can be the second one of a character. */
  private static final Set<String> ASCII_UNSAFE =
      Set.of("BIG5", "GB18030", "GBK", "JOHAB", "SHIFT_JIS_2004", "SJIS", "UHC");

  private static final byte IDLE = 'I';
  private static final byte IN_FAILED_TRANSACTION = 'E';

  private boolean standardConformingStrings = true;
  private boolean asciiSafe = true;
  private boolean utf8;
  private byte transaction = IN_FAILED_TRANSACTION;
  private boolean keysWanted;

  @Override
  public boolean standardConformingStrings() {
    return standardConformingStrings;
  }

  @Override
  public boolean asciiSafe() {
    return asciiSafe;
  }

  @Override
  public boolean utf8() {
    return utf8;
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
      case "client_encoding" -> {
        asciiSafe = !ASCII_UNSAFE.contains(value);
        utf8 = value.equals("UTF8");
      }
      default -> {
        // of no interest to the relay
      }
    }
  }
}
