package dev.pglambda.relay;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * How far a session is, with the transitions that leave each phase.
 *
 * <pre>
 *   Connecting ── the server's connection is open ──► Starting ── ReadyForQuery ──┬─ a place ──► Ready
 *       │                                                 │                       └─ none ──► Refused
 *       └──── either side closes, a violation, a time-out, a shutdown ────┬───────────────────────┘
 *                                                                         └──► Closing
 * </pre>
 *
 * Who has announced the end is no phase: each side can, and the proxy, in any phase and in any
 * order ({@link AnnouncedEnd}).
 */
sealed interface SessionPhase {

  /** Whether the server has been ready and the client has a place, also when it is closing. */
  default boolean isReady() {
    return false;
  }

  default SessionPhase close() {
    return new Closing(isReady());
  }

  /**
   * The connection to the server is being opened; what the client has sent behind its
   * StartupMessage is held, and it is not read.
   */
  record Connecting(ByteBuf held) implements SessionPhase {
    Connecting() {
      this(Unpooled.EMPTY_BUFFER);
    }

    Connecting hold(ByteBuf more) {
      return new Connecting(Unpooled.wrappedBuffer(held, more));
    }

    Starting connected() {
      return new Starting();
    }

    @Override
    public SessionPhase close() {
      held.release();
      return SessionPhase.super.close();
    }
  }

  /** The server authenticates the client. */
  record Starting() implements SessionPhase {

    /** The server is ready; there is a place for the client, or a reason why not. */
    SessionPhase ready(@Nullable String refusal) {
      return refusal == null ? new Ready() : new Refused(refusal);
    }
  }

  /** The client executes statements. */
  record Ready() implements SessionPhase {
    @Override
    public boolean isReady() {
      return true;
    }
  }

  /**
   * There is no place for the client. It is told so where the server is ready, and the session ends
   * when that read is over.
   */
  record Refused(String refusal) implements SessionPhase {}

  /** What still comes is dropped; it was ready before, or not. */
  record Closing(boolean isReady) implements SessionPhase {
    @Override
    public SessionPhase close() {
      return this;
    }
  }
}
