package dev.pglambda.relay;

import dev.pglambda.intercept.ServerSettings;
import dev.pglambda.protocol.BackendMessage.BackendKeyData;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.ClientEncoding;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the server has told of the session; both directions use it. */
public final class ReportedSettings implements ServerSettings {
  private static final String ON = "on";

  /** 10 and newer. */
  private static final Pattern POSTGRES_VERSION = Pattern.compile("\\d\\d");

  private boolean standardConformingStrings = true;
  private ClientEncoding encoding = ClientEncoding.SINGLE_BYTE;

  /** What the server has answered since it was ready last; null: what it has reported counts. */
  private @Nullable ClientEncoding askedEncoding;

  private @Nullable Boolean askedConformingStrings;
  private byte transaction = ReadyForQuery.IN_FAILED_TRANSACTION;
  private boolean keysWanted;
  private boolean isPostgres;
  private boolean trusted = true;

  /** Read on any thread. */
  private volatile @Nullable BackendKeyData cancelKey;

  /** The same of the encoding that the client has, and of what it is told. */
  private volatile Charset charset = StandardCharsets.US_ASCII;

  private volatile @Nullable String role;
  private volatile @Nullable String applicationName;

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

  /** As whom the client is logged in; null if the server has not told. Any thread. */
  public @Nullable String role() {
    String told = role;
    return told == null ? null : readable(told);
  }

  /** The client's application_name; null if the server has not told. Any thread. */
  public @Nullable String applicationName() {
    String told = applicationName;
    return told == null ? null : readable(told);
  }

  /** The number of the server's process; null if it has not told. Any thread. */
  public @Nullable Integer serverProcess() {
    BackendKeyData key = cancelKey;
    return key == null ? null : key.processId();
  }

  /** A text of the client's with its characters, for people to read: one char per byte before. */
  public String readable(String text) {
    return new String(ClientEncoding.restored(text).getBytes(StandardCharsets.ISO_8859_1), charset);
  }

  /** The key of the server's for cancel requests; null if it is not known. Any thread. */
  @Nullable BackendKeyData cancelKey() {
    return cancelKey;
  }

  void cancelKey(@Nullable BackendKeyData key) {
    cancelKey = key;
  }

  /** Whether the server says that it is PostgreSQL, and no pooler's console, which has less. */
  boolean isPostgres() {
    return isPostgres;
  }

  void parameter(String name, String value) {
    switch (name) {
      case "server_version" -> isPostgres = POSTGRES_VERSION.matcher(value).lookingAt();
      case "standard_conforming_strings" -> standardConformingStrings = value.equals(ON);
      case "client_encoding" -> {
        encoding = ClientEncoding.named(value);
        charset = ClientEncoding.charset(value);
      }
      case "session_authorization" -> role = value;
      case "application_name" -> applicationName = value;
      default -> {
        // of no interest to the relay
      }
    }
  }
}
