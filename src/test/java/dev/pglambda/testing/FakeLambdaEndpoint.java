package dev.pglambda.testing;

import static dev.pglambda.testing.Awaiting.await;

import dev.pglambda.lambda.FunctionName;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint that speaks Lambda's Invoke API over HTTP on the loopback interface: it does what the
 * test says, function by function, and records what it sees. Functions the test says nothing about
 * are answered with AWS's "Function not found". Safe for use by many threads.
 *
 * <pre>{@code
 * try (var endpoint = FakeLambdaEndpoint.start()) {
 *   endpoint.on("hello", Reply.json("{\"ok\": true}"));
 *   ... call it at endpoint.uri() ...
 *   assertThat(endpoint.requests("hello")).hasSize(1);
 * }
 * }</pre>
 */
public final class FakeLambdaEndpoint implements AutoCloseable {
  private static final int LARGEST_REQUEST = 64 << 20;

  private final EventLoopGroup group =
      new NioEventLoopGroup(1, new DefaultThreadFactory("fake-lambda", true));
  private final Channel listener;
  private final Map<String, Reply> replies = new ConcurrentHashMap<>();

  // Guarded by this.
  private final List<ReceivedRequest> requests = new ArrayList<>();
  private final List<Runnable> held = new ArrayList<>();
  private int inProgress;
  private int maxConcurrency;
  private int aborted;
  private int connections;
  private int openConnections;

  private FakeLambdaEndpoint() {
    listener =
        new ServerBootstrap()
            .group(group)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, 2048)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            new HttpServerCodec(),
                            new HttpObjectAggregator(LARGEST_REQUEST),
                            new FakeLambdaConnection(FakeLambdaEndpoint.this));
                  }
                })
            .bind(InetAddress.getLoopbackAddress(), 0)
            .syncUninterruptibly()
            .channel();
  }

  /** Listens on a free port. */
  public static FakeLambdaEndpoint start() {
    return new FakeLambdaEndpoint();
  }

  /** Where it listens, for example {@code http://127.0.0.1:34567}. */
  public URI uri() {
    return uri(((InetSocketAddress) listener.localAddress()).getPort());
  }

  private static URI uri(int port) {
    return URI.create("http://127.0.0.1:" + port);
  }

  /**
   * Says what to do from now on.
   *
   * @param functionName a name just as it is sent, or a bare name for all its forms that have no
   *     reply of their own
   */
  public FakeLambdaEndpoint on(String functionName, Reply reply) {
    replies.put(functionName, reply);
    return this;
  }

  /** Forgets what was said with {@link #on}, and drops what is held. */
  public void forgetReplies() {
    replies.clear();
    synchronized (this) {
      held.clear();
    }
  }

  /** Answers everything that is held now. */
  public void release() {
    List<Runnable> released;
    synchronized (this) {
      released = List.copyOf(held);
      held.clear();
    }
    released.forEach(Runnable::run);
  }

  /** All requests so far, in the order in which they arrived. */
  public synchronized List<ReceivedRequest> requests() {
    return List.copyOf(requests);
  }

  /** The requests for one function, named just as it was sent. */
  public List<ReceivedRequest> requests(String functionName) {
    return requests().stream().filter(r -> r.functionName().equals(functionName)).toList();
  }

  /** The only request so far. */
  public ReceivedRequest onlyRequest() {
    List<ReceivedRequest> all = requests();
    if (all.size() != 1) {
      throw new AssertionError("requests: " + all.size() + " (expected: 1)");
    }
    return all.get(0);
  }

  /** The most requests that ever waited for their answers at the same time. */
  public synchronized int maxConcurrency() {
    return maxConcurrency;
  }

  /** How many requests wait for their answers. */
  public synchronized int inProgress() {
    return inProgress;
  }

  /** How many requests lost their connection before they had an answer, by the client's doing. */
  public synchronized int aborted() {
    return aborted;
  }

  /** How many connections were ever opened. */
  public synchronized int connections() {
    return connections;
  }

  /** How many connections are open. */
  public synchronized int openConnections() {
    return openConnections;
  }

  /** Waits until so many requests have arrived. */
  public void awaitRequests(int count) {
    await("requests").until(() -> requests().size(), now -> now >= count);
  }

  /** Waits until so many requests have been aborted. */
  public void awaitAborted(int count) {
    await("aborted requests").until(this::aborted, now -> now >= count);
  }

  /** Waits until no more than so many connections are open. */
  public void awaitOpenConnections(int most) {
    await("open connections").until(this::openConnections, now -> now <= most);
  }

  /**
   * An address that refuses connections, always: its port is taken, but nobody listens there. (A
   * port that was only free a moment ago may be anybody's by now, or the client's own.)
   */
  public static URI refusing() {
    return uri(TakenPort.NUMBER);
  }

  private static final class TakenPort {
    /** Open as long as this process runs. */
    private static final Socket SOCKET = new Socket();

    private static final int NUMBER = take();

    private static int take() {
      try {
        SOCKET.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        return SOCKET.getLocalPort();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Ends all connections. */
  @Override
  public void close() {
    listener.close().syncUninterruptibly();
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  // For the connections.

  @Nullable Reply replyTo(String functionName) {
    Reply exact = replies.get(functionName);
    return exact != null
        ? exact
        : FunctionName.parse(functionName).map(name -> replies.get(name.name())).orElse(null);
  }

  /** AWS's words for a function that nobody programmed. */
  static Reply notFound(ReceivedRequest request) {
    FunctionName name = FunctionName.parse(request.functionName()).orElse(null);
    String bareName = name == null ? request.functionName() : name.name();
    String named = name == null ? null : name.qualifier();
    String qualifier = Objects.requireNonNullElse(request.qualifier(), "$LATEST");
    return Reply.apiError(
        404,
        "ResourceNotFoundException",
        "Function not found: arn:aws:lambda:%s:000000000000:function:%s:%s"
            .formatted(request.signingRegion(), bareName, named == null ? qualifier : named));
  }

  synchronized void connected() {
    connections++;
    openConnections++;
  }

  synchronized void disconnected() {
    openConnections--;
  }

  /** In one step, so that whoever has awaited a request can release its answer. */
  synchronized void received(ReceivedRequest request, @Nullable Runnable heldAnswer) {
    requests.add(request);
    if (heldAnswer != null) {
      held.add(heldAnswer);
    }
    inProgress++;
    maxConcurrency = Math.max(maxConcurrency, inProgress);
  }

  synchronized void answered() {
    inProgress--;
  }

  synchronized void abortedByClient() {
    inProgress--;
    aborted++;
  }
}
