package dev.pglambda.relay;

import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.SqlError;
import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * What the parts of a session may ask of it, and tell it. Used on its event loop, but for what says
 * otherwise.
 */
public abstract class SessionControl {
  SessionControl() {}

  /** Null if it had gone before anybody asked. */
  public abstract @Nullable SocketAddress clientAddress();

  /** What is held for the session, but for what is only passed on. */
  public abstract MemoryAccount memory();

  /** Whether the server was ready, and the client was given a place. */
  public abstract boolean isReady();

  public abstract void toServer(ByteBuf bytes);

  /** Runs a task on the event loop unless the session has ended. Any thread. */
  public abstract void execute(Runnable task);

  /** The same after some milliseconds. */
  public abstract Future<?> schedule(Runnable task, long delay);

  /** A stage that waits for the answers to the proxy's own messages has failed. */
  abstract void ownMessagesFailed(Throwable failure);

  /** The server is ready; null, or what the client is told in the place of that. */
  abstract @Nullable ByteBuf sawReady();

  /** See {@link LocalExecution.Provider#atFirstReady}. */
  abstract boolean atFirstReady();

  /** Tells the client that the server is ready, before it is; false: it cannot be told now. */
  abstract boolean tellReady();

  abstract void sawFatal(ErrorFields fields);

  /** Tells the client, unless that is within a message, and closes both connections. */
  abstract void endWith(SqlError error);
}
