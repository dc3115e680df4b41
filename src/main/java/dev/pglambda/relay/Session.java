package dev.pglambda.relay;

import dev.pglambda.intercept.Interceptor;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.limits.PeerAddress;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.BackendKeyData;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.relay.AnnouncedEnd.Shutdown;
import dev.pglambda.relay.SessionPhase.Closing;
import dev.pglambda.relay.SessionPhase.Connecting;
import dev.pglambda.relay.SessionPhase.Refused;
import dev.pglambda.relay.SessionPhase.Starting;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client connection and its server connection, both on one event loop, on which every method
 * but {@link #drain}, {@link #terminate} and {@link #ended} is called. How far it is, and what
 * comes next, says its {@link SessionPhase}.
 */
public final class Session extends SessionControl {
  private static final Logger log = LoggerFactory.getLogger(Session.class);

  /** Heap allocator for the final error when direct memory is exhausted. */
  private static final ByteBufAllocator HEAP = new UnpooledByteBufAllocator(false);

  private final RelaySettings settings;
  private final String token;
  private final String database;
  private final Instant since = Instant.now();
  private final ChannelPair channels;
  private final ReplyQueue replies = new ReplyQueue();
  private final ReportedSettings reported = new ReportedSettings();
  private final MemoryAccount memory;
  private final SessionStreams streams;
  private final BooleanSupplier atFirstReady;
  private final @Nullable LocalExecution local;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final Future<?> startupTimeout;
  private final SessionFailures failures;
  private final AnnouncedEnd announced = new AnnouncedEnd();
  private SessionPhase phase = new Connecting();

  /** Read on any thread. */
  private volatile @Nullable InetSocketAddress serverAddress;

  /** Asks for a place among the clients that may be; answers with a refusal, or null. */
  private Supplier<@Nullable String> admission = () -> null;

  /**
   * @param user whom the proxy has authenticated, so that it logs in to the server itself; null:
   *     the server authenticates the client
   */
  public Session(
      RelaySettings settings,
      String token,
      Channel client,
      Interceptor interceptor,
      CallbackKeyDelivery keys,
      LocalExecution.Provider localExecution,
      String database,
      @Nullable VerifiedUser user) {
    this.settings = settings;
    this.token = token;
    this.database = database;
    this.channels = new ChannelPair(client);
    this.memory = settings.memory().open();
    this.failures = new SessionFailures(client, settings.backend().toString());
    SessionContext context =
        new SessionContext(
            this,
            channels,
            announced,
            replies,
            reported,
            new PreparedStatements(memory),
            new ClientSeries(),
            new OwnErrors(memory, channels, replies));
    atFirstReady = () -> localExecution.atFirstReady(database, context);
    local = localExecution.create(database, context);
    streams =
        new SessionStreams(
            context,
            interceptor,
            keys,
            new ProxyLogin(this, channels, settings, user),
            settings.inspectLimit(),
            local);
    startupTimeout =
        client
            .eventLoop()
            .schedule(
                this::startupTimedOut, settings.startupTimeout().toMillis(), TimeUnit.MILLISECONDS);
    client.closeFuture().addListener(closed -> clientClosed());
  }

  @Override
  public @Nullable SocketAddress clientAddress() {
    return PeerAddress.of(client());
  }

  public String token() {
    return token;
  }

  Channel client() {
    return channels.client();
  }

  private EventLoop loop() {
    return channels.client().eventLoop();
  }

  @Override
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

  @Override
  public boolean isReady() {
    return phase.isReady();
  }

  // ---- what the two handlers report

  public void connected(Channel server, ByteBuf startup) {
    server.config().setAutoClose(false);
    server.closeFuture().addListener(closed -> serverClosed());
    if (!(phase instanceof Connecting connecting)) {
      startup.release();
      server.close();
      return;
    }
    channels.connected(server);
    serverAddress = server.remoteAddress() instanceof InetSocketAddress address ? address : null;
    phase = connecting.connected();
    TcpKeepalives.set(server, settings.keepalives());
    channels.toServer(startup);
    clientSent(connecting.held());
    channels.flushServer();
    channels.start();
  }

  public void connectFailed(Throwable cause) {
    endWith(failures.cannotConnect(cause));
  }

  public void clientSent(ByteBuf bytes) {
    if (phase instanceof Connecting connecting) {
      phase = connecting.hold(bytes);
      return;
    }
    if (isClosing()) {
      bytes.release();
      return;
    }
    try {
      streams.clientSent(bytes);
    } catch (ProtocolViolation violation) {
      endWith(failures.violatedByClient(violation));
    }
    channels.clientSent();
  }

  void serverSent(ByteBuf bytes) {
    if (isClosing()) {
      bytes.release();
      return;
    }
    try {
      streams.serverSent(bytes);
      if (phase instanceof Refused) {
        close(Unpooled.EMPTY_BUFFER);
        return;
      }
      advance();
      if (announced.isByProxy()) {
        endIfDue();
      }
    } catch (ProtocolViolation violation) {
      if (announced.isAfterMessage()) {
        endIfDue();
        return;
      }
      endWith(failures.violatedByServer(violation));
    }
    channels.serverSent();
  }

  void clientReadComplete() {
    if (!isClosing()) {
      channels.flushServer();
      channels.serverWritable();
    }
  }

  void serverReadComplete() {
    channels.client().flush();
    channels.clientWritable();
    streams.limitClient();
  }

  void clientWritable() {
    channels.clientWritable();
  }

  void serverWritable() {
    channels.serverWritable();
  }

  void failed(Channel channel, Throwable cause) {
    if (cause instanceof IOException) {
      log.debug("{}: {}", channel, cause.getMessage());
      if (channels.isServer(channel)) {
        serverFailed(channel, ConnectFailure.reason(cause));
      } else {
        channel.close();
      }
    } else {
      endWith(failures.failed(cause));
    }
  }

  /**
   * A failed read closes the channel anyway. After a failed write the server's FATAL may be there
   * to be read: if it closes while the client sends, that comes with a reset.
   */
  private void serverFailed(Channel server, String reason) {
    if (announced.byFailure(reason)) {
      loop().schedule(() -> server.close(), GracefulClose.LINGER_MS, TimeUnit.MILLISECONDS);
    }
  }

  // ---- what goes on in it

  @Override
  void ownMessagesFailed(Throwable failure) {
    failed(client(), SessionFailures.ofOwnMessages(failure));
  }

  @Override
  public void toServer(ByteBuf bytes) {
    channels.toServer(bytes);
  }

  /** The key of the server's for cancel requests. Any thread; null if it is not known. */
  @Nullable BackendKeyData cancelKey() {
    return reported.cancelKey();
  }

  /** What is known of it. Any thread. */
  SessionState state() {
    SocketAddress address = clientAddress();
    return new SessionState(
        address instanceof InetSocketAddress internet
            ? NetUtil.toSocketAddressString(internet)
            : address == null ? null : address.toString(),
        reported.readable(database),
        reported.role(),
        reported.applicationName(),
        reported.serverProcess(),
        since);
  }

  /** Where its server was reached by TCP. Any thread; null if it was not yet. */
  public @Nullable InetSocketAddress serverAddress() {
    return serverAddress;
  }

  /**
   * Ends what is executed locally, and tells on the event loop whether there was some. Any thread.
   */
  public void cancelLocalExecution(Consumer<Boolean> then) {
    loop().execute(() -> then.accept(!isClosing() && local != null && local.cancel()));
  }

  @Override
  public void execute(Runnable task) {
    loop().execute(() -> runOpen(task));
  }

  @Override
  public Future<?> schedule(Runnable task, long delay) {
    return loop().schedule(() -> runOpen(task), delay, TimeUnit.MILLISECONDS);
  }

  private void runOpen(Runnable task) {
    if (!isClosing()) {
      task.run();
      advance();
    }
  }

  private void advance() {
    try {
      streams.advance();
    } catch (ProtocolViolation violation) {
      endWith(failures.violatedByClient(violation));
    }
  }

  @Override
  @Nullable ByteBuf sawReady() {
    announced.notByServer();
    if (phase instanceof Starting starting) {
      startupTimeout.cancel(false);
      phase = starting.ready(admission.get());
    }
    if (!(phase instanceof Refused refused)) {
      return null;
    }
    ClientRefusals.log(client(), refused.refusal());
    return ErrorFields.fatal(SqlState.TOO_MANY_CONNECTIONS, refused.refusal())
        .toFrame(client().alloc(), BackendMessage.ERROR_RESPONSE);
  }

  @Override
  boolean atFirstReady() {
    return atFirstReady.getAsBoolean();
  }

  @Override
  boolean tellReady() {
    boolean speakable = isSpeakable();
    if (speakable) {
      channels.toClient(
          MessageWriter.buffer(
              channels.allocator(),
              StandardCharsets.US_ASCII,
              new ReadyForQuery(ReadyForQuery.IDLE)));
      client().flush();
    }
    return speakable;
  }

  /** Asks there for a place when the server has authenticated the client. */
  public void askForPlace(Supplier<@Nullable String> places) {
    admission = places;
  }

  /** Ends, because the client has not authenticated while others came. Any thread. */
  public void makePlace() {
    loop().execute(() -> endWith(SessionFailures.tooManyClients()));
  }

  @Override
  void sawFatal(ErrorFields fields) {
    announced.byServer();
    if (!isReady()) {
      failures.refusedByServer(fields);
    }
  }

  // ---- ends

  /** Ends the session once nothing runs in it; at once if it is idle. Any thread. */
  void drain() {
    endBecauseOfShutdown(Shutdown.WHEN_IDLE);
  }

  /** Ends the session, whatever runs in it, but not within a message. Any thread. */
  void terminate() {
    endBecauseOfShutdown(Shutdown.AFTER_THE_MESSAGE);
  }

  private void endBecauseOfShutdown(Shutdown when) {
    loop()
        .execute(
            () -> {
              announced.byProxy(when);
              endIfDue();
            });
  }

  private void endIfDue() {
    boolean due = announced.isAfterMessage() || !isReady() || isIdle();
    if (due && !streams.isInServerMessage()) {
      endWith(SessionFailures.shutdown(isReady()));
    }
  }

  /** Whether neither side waits for the other, and no transaction is open. */
  private boolean isIdle() {
    return isReady() && replies.isIdle() && !reported.inTransaction() && streams.areAtBoundary();
  }

  private boolean isClosing() {
    return phase instanceof Closing;
  }

  private void startupTimedOut() {
    if (!isReady()) {
      endWith(SessionFailures.notReadyWithin(settings.startupTimeout()));
    }
  }

  private void clientClosed() {
    phase = phase.close();
    startupTimeout.cancel(false);
    if (local != null) {
      local.close();
    }
    streams.close();
    memory.close();
    channels.closeServer();
    ended.complete(null);
  }

  private void serverClosed() {
    if (isClosing()) {
      return;
    }
    if (announced.isExpected() || streams.isInServerMessage()) {
      close(Unpooled.EMPTY_BUFFER);
    } else {
      endWith(failures.lostServer(announced.serverFailure()));
    }
  }

  @Override
  void endWith(SqlError error) {
    if (!isClosing()) {
      close(
          isSpeakable()
              ? ErrorFields.fatal(error.sqlState(), error.message())
                  .toFrame(HEAP, BackendMessage.ERROR_RESPONSE)
              : Unpooled.EMPTY_BUFFER);
    }
  }

  /** Whether the client can be told something now. */
  private boolean isSpeakable() {
    return !streams.isInServerMessage() && !announced.isFatalSeen();
  }

  /** Closes both connections; the client gets the last bytes, if any, before. */
  private void close(ByteBuf last) {
    boolean silent = announced.isTerminated() || isIdle();
    phase = phase.close();
    channels.closeClient(last, silent);
    channels.closeServer();
  }
}
