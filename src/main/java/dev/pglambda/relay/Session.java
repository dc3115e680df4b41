package dev.pglambda.relay;

import dev.pglambda.intercept.Interceptor;
import dev.pglambda.limits.LogThrottle;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.limits.ReadControl;
import dev.pglambda.limits.ReadControl.Reason;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.BackendKeyData;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.FrameScanner;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.SqlState;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import java.net.SocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client connection and its server connection, both on one event loop, on which every method
 * but {@link #drain}, {@link #terminate} and {@link #ended} is called.
 *
 * <pre>
 *   connecting ──server connected──► starting ──ReadyForQuery──► ready
 *       │                               │                          │
 *       └──────────── either side closes, a violation, a time-out ─┴──► ended (both closed)
 * </pre>
 */
public final class Session {
  private static final Logger log = LoggerFactory.getLogger(Session.class);
  private static final LogThrottle CONNECT_FAILURES = new LogThrottle();
  private static final LogThrottle SERVERS_REFUSALS = new LogThrottle();
  private static final LogThrottle SERVERS_VIOLATIONS = new LogThrottle();
  public static final LogThrottle OUT_OF_MEMORY = new LogThrottle();

  /** Heap allocator for the final error when direct memory is exhausted. */
  private static final ByteBufAllocator HEAP = new UnpooledByteBufAllocator(false);

  /** Whether the session is to end because the proxy does, and where. */
  private enum Ending {
    NOT_ASKED,
    WHEN_IDLE,
    AFTER_THE_MESSAGE
  }

  private final RelaySettings settings;
  private final String token;
  private final Channel client;
  private final ReplyQueue replies = new ReplyQueue();
  private final ReportedSettings reported = new ReportedSettings();
  private final MemoryAccount memory;
  private final FrameScanner fromClient;
  private final FrameScanner fromServer;
  private final MessageHold hold;
  private final @Nullable LocalExecution local;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final java.util.concurrent.Future<?> startupTimeout;

  private @Nullable Channel server;
  private volatile @Nullable BackendKeyData cancelKey;

  /**
   * What the client has sent before the server's connection is there; reading is off until then.
   */
  private ByteBuf held = Unpooled.EMPTY_BUFFER;

  private Ending ending = Ending.NOT_ASKED;
  private boolean ready;
  private boolean closing;

  /** Asks for a place among the clients that may be; answers with a refusal, or null. */
  private Supplier<@Nullable String> admission = () -> null;

  private boolean hasPlace;

  /** There is no place for the client, which the server has authenticated. */
  private boolean refused;

  /** The client has said Terminate: the server's close is no surprise. */
  private boolean terminated;

  /** The server has said why it ends the session: nothing is to be added. */
  private boolean fatalSeen;

  /** What went wrong on the server's connection, if something did. */
  private @Nullable String serverFailure;

  public Session(
      RelaySettings settings,
      String token,
      Channel client,
      Interceptor interceptor,
      CallbackKeyDelivery keys,
      LocalExecution.@Nullable Factory localExecution) {
    this.settings = settings;
    this.token = token;
    this.client = client;
    this.memory = settings.memory().open();
    SessionContext context =
        new SessionContext(this, replies, reported, new PreparedStatements(memory));
    ClientToServer frontend =
        new ClientToServer(context, interceptor, keys, settings.inspectLimit(), localExecution);
    hold = frontend.hold();
    local = hold.local();
    fromClient = new FrameScanner(frontend, client.alloc());
    fromServer = new FrameScanner(new ServerToClient(context, keys, hold), client.alloc());
    startupTimeout =
        client
            .eventLoop()
            .schedule(
                this::startupTimedOut, settings.startupTimeout().toMillis(), TimeUnit.MILLISECONDS);
    client.closeFuture().addListener(closed -> clientClosed());
  }

  /** Address of the client, for the log. */
  public SocketAddress clientAddress() {
    return client.remoteAddress();
  }

  public String token() {
    return token;
  }

  Channel client() {
    return client;
  }

  /** What is held for the session, but for what is only passed on. */
  public MemoryAccount memory() {
    return memory;
  }

  /** A call of the server's for this session has come. Any thread. */
  void calledBack() {
    if (local != null) {
      local.calledBack();
    }
  }

  /** Completes when the client's connection is closed. */
  public CompletableFuture<Void> ended() {
    return ended;
  }

  boolean isReady() {
    return ready;
  }

  // ---- what the two handlers report

  public void connected(Channel channel, ByteBuf startup) {
    server = channel;
    channel.config().setAutoClose(false);
    channel.closeFuture().addListener(closed -> serverClosed());
    if (closing) {
      startup.release();
      channel.close();
      return;
    }
    settings.keepalives().applyTo(channel);
    channel.write(startup, channel.voidPromise());
    ByteBuf first = held;
    held = Unpooled.EMPTY_BUFFER;
    clientSent(first);
    channel.flush();
    ReadControl.of(client).set(Reason.STARTUP, false);
    ReadControl.of(channel).set(Reason.STARTUP, false);
  }

  public void connectFailed(Throwable cause) {
    ConnectFailure failure = ConnectFailure.of(cause, settings.backend());
    if (CONNECT_FAILURES.passes()) {
      log.warn(
          "cannot connect to server {} for client {}: {}{}",
          settings.backend(),
          client.remoteAddress(),
          failure.reason(),
          CONNECT_FAILURES.others());
    }
    endWith(failure.sqlState(), failure.message());
  }

  public void clientSent(ByteBuf bytes) {
    if (closing) {
      bytes.release();
      return;
    }
    if (server == null) {
      held = Unpooled.wrappedBuffer(held, bytes);
      return;
    }
    try {
      fromClient.scan(bytes);
      advanceHold();
      limitClient();
    } catch (ProtocolViolation violation) {
      violatedByClient(violation);
    }
    BackPressure.within(client, server);
  }

  private void violatedByClient(ProtocolViolation violation) {
    log.debug("protocol violation by client {}: {}", client, violation.getMessage());
    endWith(SqlState.PROTOCOL_VIOLATION, String.valueOf(violation.getMessage()));
  }

  /** Goes on with a message that is held, and with what the client has sent behind it. */
  private void advanceHold() throws ProtocolViolation {
    while (fromClient.isPaused()) {
      hold.advance();
      if (hold.isHolding()) {
        return;
      }
      fromClient.resume();
      if (server != null) {
        server.flush(); // no read of the client's will
      }
      limitClient();
    }
  }

  private void limitClient() {
    BackPressure.limit(client, replies, fromClient);
  }

  void serverSent(ByteBuf bytes) {
    if (closing) {
      bytes.release();
      return;
    }
    try {
      fromServer.scan(bytes);
      if (refused) {
        closing = true;
        closeClient(Unpooled.EMPTY_BUFFER);
        closeServer();
        return;
      }
      advance();
      if (ending != Ending.NOT_ASKED) {
        endIfDue();
      }
    } catch (ProtocolViolation violation) {
      if (ending == Ending.AFTER_THE_MESSAGE) {
        endIfDue();
        return;
      }
      violatedByServer(violation);
    }
    if (server != null) {
      BackPressure.within(server, client);
    }
  }

  private void violatedByServer(ProtocolViolation violation) {
    if (SERVERS_VIOLATIONS.passes()) {
      log.warn(
          "protocol violation by server {}: {}{}",
          settings.backend(),
          violation.getMessage(),
          SERVERS_VIOLATIONS.others());
    }
    endWith(
        SqlState.PROTOCOL_VIOLATION,
        "server at " + settings.backend() + " broke the protocol: " + violation.getMessage());
  }

  void clientReadComplete() {
    if (server != null && !closing) {
      server.flush();
      BackPressure.after(client, server);
    }
  }

  void serverReadComplete() {
    client.flush();
    if (server != null) {
      BackPressure.after(server, client);
      limitClient();
    }
  }

  void clientWritable() {
    if (server != null) {
      BackPressure.after(server, client);
    }
  }

  void serverWritable() {
    if (server != null) {
      BackPressure.after(client, server);
    }
  }

  void failed(Channel channel, Throwable cause) {
    if (cause instanceof java.io.IOException) {
      log.debug("{}: {}", channel, cause.getMessage());
      if (channel == server) {
        serverFailed(ConnectFailure.reason(cause));
      } else {
        channel.close();
      }
    } else if (cause instanceof OutOfMemoryError) {
      if (OUT_OF_MEMORY.passes()) {
        log.warn("session of client {} ends: {}", client, cause.getMessage());
      }
      endWith(SqlState.OUT_OF_MEMORY, "out of memory");
    } else {
      log.error("session of client {} ends", client, cause);
      endWith(SqlState.INTERNAL_ERROR, "internal error of the proxy, see its log");
    }
  }

  /**
   * A failed read closes the channel anyway. After a failed write the server's last word may be
   * there to be read: if it closes while the client sends, its FATAL comes with a reset.
   */
  private void serverFailed(String reason) {
    Channel failed = server;
    if (failed != null && serverFailure == null) {
      serverFailure = reason;
      client
          .eventLoop()
          .schedule(() -> failed.close(), GracefulClose.LINGER_MS, TimeUnit.MILLISECONDS);
    }
  }

  // ---- what the two directions report

  /** What the proxy's own messages were answered cannot be, or there is a defect of the proxy's. */
  void ownMessagesFailed(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause instanceof IndexOutOfBoundsException
        || cause instanceof IllegalArgumentException
        || cause instanceof NullPointerException) {
      violatedByServer(
          new ProtocolViolation("unexpected answer to a message of the proxy's own: " + cause));
    } else {
      failed(client, cause == null ? failure : cause);
    }
  }

  public void toServer(ByteBuf bytes) {
    if (server == null) {
      bytes.release();
    } else {
      server.write(bytes, server.voidPromise());
    }
  }

  /** The same, at once: for what no read of the client's will flush. */
  void flushToServer(ByteBuf bytes) {
    toServer(bytes);
    if (server != null) {
      server.flush();
    }
  }

  /** The server has told the client the key of its cancel requests. */
  void sawCancelKey(@Nullable BackendKeyData key) {
    cancelKey = key;
  }

  /** Any thread; null if it is not known. */
  @Nullable BackendKeyData cancelKey() {
    return cancelKey;
  }

  /**
   * Ends what is executed locally for the session. Any thread.
   *
   * @param then learns, on the session's event loop, whether there was one
   */
  public void cancelLocalExecution(Consumer<Boolean> then) {
    client
        .eventLoop()
        .execute(
            () -> {
              boolean cancelled = !closing && local != null && local.cancel();
              then.accept(cancelled);
            });
  }

  /** Holds what the client sends behind the message that is being inspected. */
  void pauseClient() {
    fromClient.pause();
  }

  /** Forgets the message of the client's that begins. */
  void dropClientMessage() {
    fromClient.drop(null);
  }

  /**
   * Forgets the message of the server's that begins.
   *
   * @param instead what the client gets in its place; null: nothing
   */
  void dropServerMessage(@Nullable ByteBuf instead) {
    fromServer.drop(instead);
  }

  /** Gives the client something in front of the message of the server's that begins. */
  void precedeServerMessage(ByteBuf before) {
    fromServer.precede(before);
  }

  /** Runs a task on the event loop unless the session has ended. Any thread. */
  public void execute(Runnable task) {
    client.eventLoop().execute(() -> runOpen(task));
  }

  /** The same after some milliseconds. */
  public java.util.concurrent.Future<?> schedule(Runnable task, long delay) {
    return client.eventLoop().schedule(() -> runOpen(task), delay, TimeUnit.MILLISECONDS);
  }

  private void runOpen(Runnable task) {
    if (!closing) {
      task.run();
      advance();
    }
  }

  private void advance() {
    try {
      advanceHold();
    } catch (ProtocolViolation violation) {
      violatedByClient(violation);
    }
  }

  /**
   * Whether something may be sent to the server between what the client sends, and will be
   * answered: not behind a Terminate.
   */
  boolean clientBetweenMessages() {
    return !terminated && !fromClient.isInPassingMessage();
  }

  void toClient(ByteBuf bytes) {
    client.write(bytes, client.voidPromise());
  }

  /**
   * The server is ready.
   *
   * @return what the client is told in the place of that; null: the same
   */
  @Nullable ByteBuf sawReady() {
    fatalSeen = false;
    if (ready) {
      return null;
    }
    startupTimeout.cancel(false);
    String refusal = admission.get();
    refused = refusal != null;
    if (refusal != null) {
      ClientRefusals.log(client, refusal);
      return ErrorFields.fatal(SqlState.TOO_MANY_CONNECTIONS, refusal)
          .toFrame(client.alloc(), BackendMessage.ERROR_RESPONSE);
    }
    hasPlace = true;
    ready = true;
    return null;
  }

  /** Asks there for a place when the server has authenticated the client. */
  public void askForPlace(Supplier<@Nullable String> places) {
    admission = places;
  }

  /** Whether it was given one. */
  public boolean hasPlace() {
    return hasPlace;
  }

  /** Ends, because the client has not authenticated while others came. Any thread. */
  public void makePlace() {
    client
        .eventLoop()
        .execute(() -> endWith(SqlState.TOO_MANY_CONNECTIONS, ClientRefusals.TOO_MANY));
  }

  void sawTerminate() {
    terminated = true;
  }

  void sawFatal(ErrorFields fields) {
    fatalSeen = true;
    if (!ready && SERVERS_REFUSALS.passes()) {
      log.info(
          "server refused client {}: {} {}{}",
          client.remoteAddress(),
          fields.get(ErrorFields.SQLSTATE),
          LogThrottle.onOneLine(String.valueOf(fields.get(ErrorFields.MESSAGE))),
          SERVERS_REFUSALS.others());
    }
  }

  /**
   * A message of the server's begins.
   *
   * @throws ProtocolViolation if the session ends before it
   */
  void serverMessageBegins() throws ProtocolViolation {
    if (ending == Ending.AFTER_THE_MESSAGE) {
      throw new ProtocolViolation("the session has ended");
    }
  }

  // ---- ends

  /** Ends the session once nothing runs in it; at once if it is idle. Any thread. */
  void drain() {
    endBecauseOfShutdown(Ending.WHEN_IDLE);
  }

  /** Ends the session, whatever runs in it, but not within a message. Any thread. */
  void terminate() {
    endBecauseOfShutdown(Ending.AFTER_THE_MESSAGE);
  }

  private void endBecauseOfShutdown(Ending when) {
    client
        .eventLoop()
        .execute(
            () -> {
              ending = when;
              endIfDue();
            });
  }

  private void endIfDue() {
    boolean due = ending == Ending.AFTER_THE_MESSAGE || !ready || isIdle();
    if (!due || fromServer.isInPassingMessage()) {
      return;
    }
    if (ready) {
      endWith(SqlState.ADMIN_SHUTDOWN, "terminating connection due to administrator command");
    } else {
      endWith(SqlState.CANNOT_CONNECT_NOW, Sessions.SHUTTING_DOWN);
    }
  }

  /** Whether neither side waits for the other, and no transaction is open. */
  private boolean isIdle() {
    return ready
        && replies.isIdle()
        && !reported.inTransaction()
        && fromClient.atBoundary()
        && fromServer.atBoundary();
  }

  private void startupTimedOut() {
    if (!ready && !closing) {
      endWith(
          SqlState.PROTOCOL_VIOLATION,
          "session did not become ready within " + settings.startupTimeout().toSeconds() + " s");
    }
  }

  private void clientClosed() {
    closing = true;
    startupTimeout.cancel(false);
    hold.close();
    memory.close();
    fromClient.close();
    fromServer.close();
    held.release();
    held = Unpooled.EMPTY_BUFFER;
    closeServer();
    ended.complete(null);
  }

  /** What the client sent whole still goes out. */
  private void closeServer() {
    if (server != null) {
      ReadControl.of(server).readToEnd();
      GracefulClose.toSilent(server, Unpooled.EMPTY_BUFFER);
    }
  }

  private void serverClosed() {
    if (closing) {
      return;
    }
    if (terminated || fatalSeen || fromServer.isInPassingMessage()) {
      closing = true;
      closeClient(Unpooled.EMPTY_BUFFER);
    } else {
      endWith(
          SqlState.CONNECTION_FAILURE,
          "connection to server at %s lost: %s"
              .formatted(
                  settings.backend(),
                  serverFailure == null ? "server closed the connection" : serverFailure));
    }
  }

  private void endWith(String sqlState, String message) {
    if (closing) {
      return;
    }
    closing = true;
    boolean speakable = !fromServer.isInPassingMessage() && !fatalSeen;
    closeClient(
        speakable
            ? ErrorFields.fatal(sqlState, message).toFrame(HEAP, BackendMessage.ERROR_RESPONSE)
            : Unpooled.EMPTY_BUFFER);
    closeServer();
  }

  private void closeClient(ByteBuf last) {
    if (terminated || isIdle()) {
      GracefulClose.toSilent(client, last);
    } else {
      GracefulClose.toSending(client, last);
    }
  }
}
