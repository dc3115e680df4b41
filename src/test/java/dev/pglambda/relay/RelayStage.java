package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.Balancers;
import dev.pglambda.config.ClientLimits;
import dev.pglambda.config.Config;
import dev.pglambda.config.HostAndPort;
import dev.pglambda.config.LoginMode;
import dev.pglambda.intercept.Interceptor;
import dev.pglambda.intercept.Rewrite;
import dev.pglambda.intercept.Rewrite.Keys;
import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.intercept.ServerSettings;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.listener.ClientListener;
import dev.pglambda.listener.ReservedDatabase;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import dev.pglambda.testing.Peer;
import dev.pglambda.tls.ClientTls;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The relay between a client and a server that say exactly what a test says. */
public abstract class RelayStage {
  public static final CallbackKeyDelivery KEYS =
      new CallbackKeyDelivery(
          "keys",
          "ask",
          "ask for procedure",
          "parameters",
          "SELECT $1",
          installation -> List.of("secret of " + installation),
          "DO 'store'",
          "ZL001",
          "ZL002");

  public static final ClientLimits LIMITS = new ClientLimits(100, 0, 100, 100, 100);
  public static final Config.Keepalives KEEPALIVES =
      new Config.Keepalives(Duration.ZERO, Duration.ZERO, 0);

  /** Of a relay that needs nothing special. */
  public static RelaySettings settings(String host, int port, MemoryBudget memory) {
    return new RelaySettings(
        new HostAndPort(host, port),
        null,
        LoginMode.AUTO,
        Duration.ofSeconds(5),
        Duration.ofSeconds(30),
        1 << 20,
        KEEPALIVES,
        memory);
  }

  /** A listener whose sessions find no server. */
  public static ClientListener withoutServer(@Nullable ClientTls tls, ReservedDatabase reserved) {
    return new ClientListener(
        new ClientListener.Wiring(
            settings("127.0.0.1", 9, MemoryBudget.unlimited()),
            LIMITS,
            Balancers.NONE,
            tls,
            null,
            new Sessions(),
            Interceptor.NONE,
            KEYS,
            reserved,
            LocalExecution.Provider.NONE,
            (token, address) -> "for " + token));
  }

  final NioEventLoopGroup loops = new NioEventLoopGroup(1);
  public final List<AutoCloseable> open = new ArrayList<>();
  public ServerSocket server = listen();
  public Duration startupTimeout = Duration.ofSeconds(30);
  public Duration connectTimeout = Duration.ofSeconds(5);
  public ClientLimits limits = LIMITS;
  public Balancers balancers = Balancers.NONE;
  public @Nullable ClientTls tls;
  Config.Keepalives keepalives = KEEPALIVES;
  public int inspectLimit = 1 << 20;
  public final Sessions sessions = new Sessions();
  public int backendPort;
  private @Nullable Listening listening;
  public Interceptor interceptor = Interceptor.NONE;

  private static ServerSocket listen() {
    try {
      return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @BeforeEach
  public void open() {
    open.add(server);
  }

  @AfterEach
  public void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
  }

  /** A relay that listens. */
  public record Listening(int port) {
    Peer connect() throws IOException {
      return Peer.connect(port);
    }
  }

  public Listening listening() throws InterruptedException {
    ClientListener relay =
        new ClientListener(
            new ClientListener.Wiring(
                new RelaySettings(
                    new HostAndPort(
                        "127.0.0.1", backendPort == 0 ? server.getLocalPort() : backendPort),
                    null,
                    LoginMode.AUTO,
                    connectTimeout,
                    startupTimeout,
                    inspectLimit,
                    keepalives,
                    MemoryBudget.unlimited()),
                limits,
                balancers,
                tls,
                null,
                sessions,
                interceptor,
                KEYS,
                new EchoingDatabase(),
                LocalExecution.Provider.NONE,
                (token, address) -> "for " + token + " from " + address.getHostAddress()));
    Channel listener =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .childHandler(relay)
            .bind("127.0.0.1", 0)
            .sync()
            .channel();
    open.add(relay);
    open.add(() -> listener.close().sync());
    return new Listening(((InetSocketAddress) listener.localAddress()).getPort());
  }

  /** The port of the relay that {@link #client} connects to, which begins with the first call. */
  public int port() throws InterruptedException {
    Listening relay = listening == null ? listening() : listening;
    listening = relay;
    return relay.port();
  }

  /** Connects to the relay, which begins with the first client. */
  public Peer client(byte[] first) throws Exception {
    Peer client = Peer.connect(port());
    open.add(client);
    return client.send(first);
  }

  public Peer backend() throws IOException {
    Peer backend = Peer.accept(server);
    open.add(backend);
    return backend;
  }

  public Peer ready(Peer client) throws IOException {
    Peer backend = backend();
    backend.readPacket();
    backend.send(Authentication.ok(), new ReadyForQuery('I'));
    assertThat(client.read().type()).isEqualTo(BackendMessage.AUTHENTICATION);
    assertThat(client.read().type()).isEqualTo(BackendMessage.READY_FOR_QUERY);
    return backend;
  }

  /** Waits until the proxy has handled all bytes that were sent to it before. */
  public void settle() throws Exception {
    for (int i = 0; i < 2; i++) { // the event loop may be behind its selection of sockets already
      loops.submit(() -> {}).get();
    }
  }

  /** Has the word {@code magic} replaced by {@code DO 'x'}. */
  public void rewriteMagic() {
    interceptor =
        new WordInterceptor("magic") {
          @Override
          public Rewrite rewrite(String text, ServerSettings settings) {
            int at = text.indexOf("magic");
            return new Rewrite(
                text.replace("magic", "DO 'x'"),
                List.of(new ReplacedSpan(at == 0 ? 0 : 1, "CREATE EXTENSION", at, at + 5, 6)),
                Keys.NONE,
                false,
                null);
          }
        };
  }

  /** Is concerned with texts that have a word. */
  public abstract static class WordInterceptor implements Interceptor {
    private final String word;

    public WordInterceptor(String word) {
      this.word = word;
    }

    public abstract @Nullable Rewrite rewrite(String text, ServerSettings settings);

    @Override
    public Concern concern(ByteBuf buffer, int index, int length) {
      String text = buffer.toString(index, length, StandardCharsets.ISO_8859_1);
      return text.contains(word)
          ? Concern.EXTENSION
          : text.startsWith("CALL") ? Concern.PROCEDURE : Concern.NONE;
    }

    @Override
    public @Nullable Rewrite inspect(
        ByteBuf buffer,
        int index,
        int length,
        @Nullable List<Integer> parameterTypes,
        ServerSettings settings) {
      return rewrite(buffer.toString(index, length, StandardCharsets.ISO_8859_1), settings);
    }
  }

  public static String latin1(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  public static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  /** Sends everything back. */
  private static final class EchoingDatabase implements ReservedDatabase {
    @Override
    public boolean claims(StartupMessage startup) {
      return startup.user().equals("pglambda");
    }

    @Override
    public boolean admits(Channel channel, boolean encrypted, boolean isServer) {
      return true;
    }

    @Override
    public void accept(
        Channel channel, StartupMessage startup, boolean isServer, Runnable admitted) {
      admitted.run();
      channel
          .pipeline()
          .addLast(
              new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext ctx, Object message) {
                  ctx.writeAndFlush(Unpooled.copiedBuffer((ByteBuf) message));
                  ((ByteBuf) message).release();
                }
              });
    }
  }
}
