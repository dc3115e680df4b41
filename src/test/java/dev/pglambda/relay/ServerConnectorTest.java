package dev.pglambda.relay;

import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.limits.MemoryBudget;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.InetNameResolver;
import io.netty.resolver.InetSocketAddressResolver;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server behind a name that has several addresses. */
@Timeout(30)
class ServerConnectorTest {
  private final NioEventLoopGroup loops = new NioEventLoopGroup(1);
  private final ServerSocket second;

  ServerConnectorTest() throws IOException {
    second = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.2"));
  }

  @AfterEach
  void close() throws Exception {
    second.close();
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
  }

  /** Knows one name. */
  private static final class Names extends AddressResolverGroup<InetSocketAddress> {
    private final List<String> addresses;

    Names(String... addresses) {
      this.addresses = List.of(addresses);
    }

    @Override
    protected InetSocketAddressResolver newResolver(EventExecutor executor) {
      return new InetSocketAddressResolver(
          executor,
          new InetNameResolver(executor) {
            @Override
            protected void doResolve(String name, Promise<InetAddress> promise) {
              promise.setFailure(new UnsupportedOperationException());
            }

            @Override
            protected void doResolveAll(String name, Promise<List<InetAddress>> promise)
                throws UnknownHostException {
              InetAddress[] all = new InetAddress[addresses.size()];
              for (int i = 0; i < all.length; i++) {
                all[i] = InetAddress.getByName(addresses.get(i));
              }
              promise.setSuccess(Arrays.asList(all));
            }
          });
    }
  }

  private ServerConnector connector(String host, String... addresses) {
    RelaySettings settings =
        RelayStage.settings(host, second.getLocalPort(), MemoryBudget.unlimited());
    return new ServerConnector(settings, () -> new Names(addresses));
  }

  private Object connect(@Nullable InetSocketAddress known, String... addresses) throws Exception {
    Channel client = new NioSocketChannel();
    loops.register(client).sync();
    CompletableFuture<Object> result = new CompletableFuture<>();
    try (ServerConnector connector = connector("db.example", addresses)) {
      client
          .eventLoop()
          .execute(
              () ->
                  connector.connectTo(
                      known,
                      client,
                      new ChannelInboundHandlerAdapter(),
                      true,
                      done -> {
                        result.complete(
                            done.isSuccess() ? done.getNow().remoteAddress() : done.cause());
                        if (done.isSuccess()) {
                          done.getNow().close();
                        }
                      }));
      return result.get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void triesOneAddressAfterTheOther() throws Exception {
    assertThat(connect(null, "127.0.0.1", "127.0.0.2", "127.0.0.3"))
        .isEqualTo(second.getLocalSocketAddress());
  }

  @Test
  void failsAsTheLastOneFails() throws Exception {
    assertThat(connect(null, "127.0.0.1", "127.0.0.3"))
        .isInstanceOfSatisfying(
            IOException.class, e -> assertThat(e).hasMessageContaining("127.0.0.3"));
  }

  @Test
  void knowsAtWhichAddressesTheServerIsReached() {
    InetSocketAddress far = new InetSocketAddress("192.0.2.1", 1);
    InetSocketAddress near = new InetSocketAddress("192.0.2.2", 2);
    try (ServerConnector named = connector("db.example", "192.0.2.1");
        ServerConnector numeric = connector("192.0.2.2")) {
      assertThat(named.isReachedAt(far)).isFalse();
      named.lookUp(loops.next());
      numeric.lookUp(loops.next());

      await("the name is looked up").until(() -> named.isReachedAt(far));
      assertThat(named.isReachedAt(near)).isFalse();
      assertThat(numeric.isReachedAt(near)).isTrue();
      assertThat(numeric.isReachedAt(far)).isFalse();
    }
  }

  @Test
  void triesNoOtherAddressThanTheOneThatIsKnown() throws Exception {
    InetSocketAddress known = new InetSocketAddress("127.0.0.3", second.getLocalPort());

    assertThat(connect(known, "127.0.0.2")).isInstanceOf(IOException.class);
    assertThat(connect((InetSocketAddress) second.getLocalSocketAddress(), "127.0.0.1"))
        .isEqualTo(second.getLocalSocketAddress());
  }
}
