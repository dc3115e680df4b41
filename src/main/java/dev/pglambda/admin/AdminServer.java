package dev.pglambda.admin;

import dev.pglambda.config.Config;
import dev.pglambda.config.HostAndPort;
import dev.pglambda.journal.JournalEntry;
import dev.pglambda.journal.JournalEntry.Ending;
import dev.pglambda.limits.MemoryBudget;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.stream.ChunkedWriteHandler;
import io.netty.handler.timeout.WriteTimeoutHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Where browsers and programs look at the calls, over HTTP: the page, the JSON API, health and
 * metrics. It has an event loop of its own, and threads for what takes a while, so that nobody who
 * looks holds a call. Starting and closing block.
 */
public final class AdminServer implements AutoCloseable {
  private static final int MOST_LINE_BYTES = 8192;
  private static final int MOST_HEADER_BYTES = 16_384;
  private static final long MOST_BODIES_BYTES = 4L * RequestGate.MOST_BODY_BYTES;
  private static final int MOST_WAITING = 16;
  private static final int BACKLOG = 64;
  private static final long THREAD_SECONDS = 30;
  private static final long CLOSE_MS = 2_000;

  private final AdminLimits limits;
  private final NioEventLoopGroup group =
      new NioEventLoopGroup(1, new DefaultThreadFactory("admin", true));
  private final EventLoop loop = group.next();
  private final ThreadPoolExecutor search = thread("admin-search", MOST_WAITING);

  /** Apart, so that who searches does not make the proxy look as if it were not ready. */
  private final ThreadPoolExecutor probe = thread("admin-probe", 1);

  private final MemoryBudget bodies = new MemoryBudget(MOST_BODIES_BYTES, MOST_BODIES_BYTES);
  private final AnswerMemory answers = new AnswerMemory(AnswerMemory.DEFAULT_BYTES);
  private final FunctionStatistics statistics = new FunctionStatistics(Clock.systemUTC());
  private final ConnectionPlaces places;
  private final AccessControl access;
  private final EventStreams streams;
  private final Metrics metrics;
  private final RequestRouter router;
  private final EventLoopLag lag;
  private final Runnable unlisten;
  private InetSocketAddress address = new InetSocketAddress(0);

  private AdminServer(Config.Admin config, AdminSources sources, AdminLimits limits) {
    this.limits = limits;
    places = new ConnectionPlaces(limits.connections());
    access =
        new AccessControl(
            config.token(), config.address().host(), limits.failedLogins(), System::nanoTime);
    streams = new EventStreams(loop, limits);
    metrics = new Metrics(sources);
    router =
        new RequestRouter(
            access,
            new InvocationsApi(sources.journal(), sources.calls(), search, answers),
            new StatusApi(sources, statistics, new Readiness(sources.server(), probe)),
            streams,
            metrics,
            new PageFiles(),
            answers);
    lag = new EventLoopLag(sources.loops(), metrics::eventLoopWasLate);
    unlisten = sources.journal().listen(this::saw);
  }

  /** A thread that is there while there is something to do; it rejects what is too much. */
  private static ThreadPoolExecutor thread(String name, int mostWaiting) {
    ThreadPoolExecutor thread =
        new ThreadPoolExecutor(
            1,
            1,
            THREAD_SECONDS,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(mostWaiting),
            new DefaultThreadFactory(name, true));
    thread.allowCoreThreadTimeOut(true);
    return thread;
  }

  /**
   * Starts one that serves when this returns. Whether the address may be without a token is the
   * caller's question.
   *
   * @throws IOException if it cannot listen at the address, or, where the user has not given it, at
   *     no port of it
   */
  public static AdminServer start(Config.Admin config, AdminSources sources, AdminLimits limits)
      throws IOException, InterruptedException {
    AdminServer server = new AdminServer(config, sources, limits);
    boolean started = false;
    try {
      server.listen(config);
      started = true;
      return server;
    } finally {
      if (!started) {
        server.close();
      }
    }
  }

  private void listen(Config.Admin config) throws IOException, InterruptedException {
    HostAndPort given = config.address();
    ChannelFuture bound = bind(given.host(), given.port());
    if (bound.cause() instanceof BindException && !config.given()) {
      bound = bind(given.host(), 0);
    }
    if (!bound.isSuccess()) {
      throw new IOException(bound.cause().getMessage(), bound.cause());
    }
    address = (InetSocketAddress) bound.channel().localAddress();
  }

  private ChannelFuture bind(String host, int port) throws InterruptedException {
    return new ServerBootstrap()
        .group(loop, loop)
        .channel(NioServerSocketChannel.class)
        .option(ChannelOption.SO_REUSEADDR, true)
        .option(ChannelOption.SO_BACKLOG, BACKLOG)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                accept(channel);
              }
            })
        .bind(host.isEmpty() ? new InetSocketAddress(port) : new InetSocketAddress(host, port))
        .await();
  }

  private void accept(Channel channel) {
    if (!places.take(channel)) {
      channel.close();
      return;
    }
    channel
        .pipeline()
        .addLast(
            places,
            new RequestDeadline(limits),
            new WriteTimeoutHandler(limits.idle().toMillis(), TimeUnit.MILLISECONDS),
            new HttpServerCodec(
                new HttpDecoderConfig()
                    .setMaxInitialLineLength(MOST_LINE_BYTES)
                    .setMaxHeaderSize(MOST_HEADER_BYTES)),
            new RequestGate(access, bodies),
            new BodyAggregator(),
            new ChunkedWriteHandler(),
            router);
  }

  /** Gathers bodies; one that turns out to be too large is refused in our words. */
  private static final class BodyAggregator extends HttpObjectAggregator {
    BodyAggregator() {
      super(RequestGate.MOST_BODY_BYTES);
    }

    @Override
    protected void handleOversizedMessage(ChannelHandlerContext context, HttpMessage oversized) {
      if (oversized instanceof HttpRequest request) {
        RequestGate.tooLarge("chunked", RequestGate.MOST_BODY_BYTES)
            .sendLast(context.channel(), request);
      }
    }
  }

  /** On a call's own thread. */
  private void saw(JournalEntry entry) {
    Ending ending = entry.ending();
    if (ending != null) {
      String label = statistics.label(entry, ending.outcome());
      if (ending.hasFailedLater()) { // the call is counted already
        statistics.failedLater(label);
        metrics.eventFailed(label);
      } else {
        statistics.ended(label, ending);
        metrics.ended(label, entry.requestBytes(), ending);
      }
    }
    streams.saw(entry);
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return address;
  }

  /** What is served: methods by path. For the test of the API's document. */
  RequestRouter router() {
    return router;
  }

  /** Where texts are searched. For tests that keep it busy. */
  Executor search() {
    return search;
  }

  /** Closes all connections. */
  @Override
  public void close() {
    unlisten.run();
    lag.close();
    streams.close();
    search.shutdownNow();
    probe.shutdownNow();
    group.shutdownGracefully(0, CLOSE_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly(CLOSE_MS);
  }
}
