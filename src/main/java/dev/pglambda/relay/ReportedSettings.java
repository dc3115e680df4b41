package dev.pglambda.relay;

import dev.pglambda.intercept.ServerSettings;
import dev.pglambda.protocol.BackendMessage.BackendKeyData;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.ClientEncoding;
import org.jspecify.annotations.Nullable;

/** What the server has told of the session; both directions use it. */
public final class ReportedSettings implements ServerSettings {
  private static final String ON = "on";

  private boolean standardConformingStrings = true;
  private ClientEncoding encoding = ClientEncoding.SINGLE_BYTE;

  /** What the server has answered since it was ready last; null: what it has reported counts. */
  private @Nullable ClientEncoding askedEncoding;

  private @Nullable Boolean askedConformingStrings;
  private byte transaction = ReadyForQuery.IN_FAILED_TRANSACTION;
  private boolean keysWanted;
  private boolean trusted = true;

  /** Read on any thread. */
  private volatile @Nullable BackendKeyData cancelKey;

  @Override
  public boolean standardConformingStrings() {
    return askedConformingStrings == null ? standardConformingStrings : askedConformingStrings;
  }

  @Override
  public ClientEncoding encoding() {
    return askedEncoding == null ? encoding : askedEncoding;
  }

  /**
   * The settings as the server has them within a series of messages that no Sync has ended. It
   * reports changes only at the end (postgres.c, ReportChangedGUCOptions), and none then if they
   * were undone.
   */
  void asked(String clientEncoding, String conformingStrings) {
    askedEncoding = ClientEncoding.named(clientEncoding);
    askedConformingStrings = conformingStrings.equals(ON);
  }

  /** ReadyForQuery told the transaction status: I, T or E. */
  void ready(byte transactionStatus) {
    transaction = transactionStatus;
    askedEncoding = null;
    askedConformingStrings = null;
  }

  public boolean inTransaction() {
    return transaction != ReadyForQuery.IDLE;
  }

  /**
   * Whether the server would refuse any statement but the end of the transaction, when last it was
   * ready.
   */
  public boolean transactionFailed() {
    return transaction == ReadyForQuery.IN_FAILED_TRANSACTION;
  }

  /**
   * Whether the role may have its calls served where nothing is installed, as far as is known: when
   * last that was asked.
   */
  boolean trusted() {
    return trusted;
  }

  public void trusted(boolean isTrusted) {
    trusted = isTrusted;
  }

  /** Whether a statement wanted the proxy's keys and has not got them yet. */
  boolean keysWanted() {
    return keysWanted;
  }

  void keysWanted(boolean wanted) {
    keysWanted = wanted;
  }

  /** The key of the server's for cancel requests; null if it is not known. Any thread. */
  @Nullable BackendKeyData cancelKey() {
    return cancelKey;
  }

  void cancelKey(@Nullable BackendKeyData key) {
    cancelKey = key;
  }

  void parameter(String name, String value) {
    switch (name) {
      case "standard_conforming_strings" -> standardConformingStrings = value.equals(ON);
      case "client_encoding" -> encoding = ClientEncoding.named(value);
      default -> {
        // of no interest to the relay
      }
    }
  }
}
