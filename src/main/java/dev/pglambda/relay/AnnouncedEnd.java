package dev.pglambda.relay;

import org.jspecify.annotations.Nullable;

/**
 * Who has announced the end of a session. The client, the server and the proxy each can, so that
 * these are independent of each other and of the {@link SessionPhase}.
 */
final class AnnouncedEnd {

  /** Whether the session is to end because the proxy does, and where. */
  enum Shutdown {
    NOT_ASKED,
    WHEN_IDLE,
    AFTER_THE_MESSAGE
  }

  private boolean terminated;
  private boolean fatalSeen;
  private @Nullable String serverFailure;
  private Shutdown shutdown = Shutdown.NOT_ASKED;

  void byClient() {
    terminated = true;
  }

  void byServer() {
    fatalSeen = true;
  }

  /** The server is ready: a FATAL before was not the end. */
  void notByServer() {
    fatalSeen = false;
  }

  void byProxy(Shutdown when) {
    shutdown = when;
  }

  /** Something went wrong on the server's connection; returns whether it is the first that did. */
  boolean byFailure(String reason) {
    boolean first = serverFailure == null;
    serverFailure = first ? reason : serverFailure;
    return first;
  }

  /** Whether the client expects nothing more. */
  boolean isTerminated() {
    return terminated;
  }

  /** Whether nothing is to be added to what the server has said. */
  boolean isFatalSeen() {
    return fatalSeen;
  }

  /** Whether the server's close is no surprise. */
  boolean isExpected() {
    return terminated || fatalSeen;
  }

  /** Why the server's connection ends. */
  String serverFailure() {
    return serverFailure == null ? "server closed the connection" : serverFailure;
  }

  boolean isByProxy() {
    return shutdown != Shutdown.NOT_ASKED;
  }

  /** Whether nothing is to be executed or told any more, but for the rest of a message. */
  boolean isAfterMessage() {
    return shutdown == Shutdown.AFTER_THE_MESSAGE;
  }
}
