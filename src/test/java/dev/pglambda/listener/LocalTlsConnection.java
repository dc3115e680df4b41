package dev.pglambda.listener;

import static dev.pglambda.testing.Awaiting.await;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.pglambda.config.ConfigLoader;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import dev.pglambda.relay.RelayStage;
import dev.pglambda.testing.LogCapture;
import dev.pglambda.tls.ClientTls;
import dev.pglambda.tls.TlsException;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.DefaultEventLoopGroup;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalServerChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import org.jspecify.annotations.Nullable;

/**
 * A connection within the JVM to a listener with a certificate, and without a server behind it: it
 * serves the reserved database only, which says what it was asked for. Each write arrives by
 * itself.
 */
final class LocalTlsConnection {
  /** For an answer that has to come. */
  private static final long PATIENCE_MS = 10_000;

  /** For one that may come. */
  private static final long A_MOMENT_MS = 20;

  private static final byte[] CLOSED = {};

  private static final EventLoopGroup LOOP =
      new DefaultEventLoopGroup(1, new DefaultThreadFactory("local-tls", true));
  private static final UnpooledByteBufAllocator ALLOCATOR =
      new UnpooledByteBufAllocator(false, true);
  private static final List<String> CLAIMED = new CopyOnWriteArrayList<>();
  private static final BlockingQueue<Channel> ACCEPTED = new LinkedBlockingQueue<>();
  private static final LocalAddress ADDRESS = listen();

  private final LogCapture log = LogCapture.ofProxy();
  private final BlockingQueue<byte[]> answers = new LinkedBlockingQueue<>();
  private final Channel client;
  private final Channel served;
  private final StringBuilder answer = new StringBuilder();

  private LocalTlsConnection() throws InterruptedException {
    CLAIMED.clear();
    client =
        new Bootstrap()
            .group(LOOP)
            .channel(LocalChannel.class)
            .handler(new Collector())
            .connect(ADDRESS)
            .sync()
            .channel();
    served = ACCEPTED.take();
  }

  private static LocalAddress listen() {
    ClientTls tls = tls();
    ClientListener listener = RelayStage.withoutServer(tls, new Reserved());
    return (LocalAddress)
        new ServerBootstrap()
            .group(LOOP)
            .channel(LocalServerChannel.class)
            .childHandler(
                new ChannelInitializer<LocalChannel>() {
                  @Override
                  protected void initChannel(LocalChannel channel) {
                    channel.config().setAllocator(ALLOCATOR);
                    channel.pipeline().addLast(new StartupHandler(listener, false, tls));
                    ACCEPTED.add(channel);
                  }
                })
            .bind(new LocalAddress(LocalTlsConnection.class))
            .syncUninterruptibly()
            .channel()
            .localAddress();
  }

  private static @Nullable ClientTls tls() {
    try {
      Path parent = Files.createDirectories(Path.of("target", "proxies"));
      String directory = Files.createTempDirectory(parent, "fuzz").toString();
      ConfigLoader.LoadResult loaded =
          ConfigLoader.load(new String[] {"--data-dir", directory}, Map.of());
      return ClientTls.open(((ConfigLoader.Run) loaded).config());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (TlsException e) {
      throw new IllegalStateException(e);
    }
  }

  static LocalTlsConnection open() throws InterruptedException {
    return new LocalTlsConnection();
  }

  static boolean isReserved(StartupPacket packet) {
    return packet instanceof StartupMessage startup
        && startup.majorVersion() == StartupPacket.MAJOR_VERSION
        && startup.user().equals("pglambda");
  }

  LocalTlsConnection send(byte[] bytes) {
    if (client.isOpen()) {
      client.writeAndFlush(ALLOCATOR.buffer(Math.max(1, bytes.length)).writeBytes(bytes));
    }
    return this;
  }

  LocalTlsConnection sendAll(List<byte[]> pieces) {
    pieces.forEach(this::send);
    return this;
  }

  /** What comes next, and has to, one {@code char} per byte; nothing if the proxy has closed. */
  String next() throws InterruptedException {
    byte[] next = answers.poll(PATIENCE_MS, TimeUnit.MILLISECONDS);
    if (next == null) {
      throw new AssertionError("no answer after so far: " + answer);
    }
    return taken(next);
  }

  /** The same, or nothing if nothing comes when the proxy has handled all that was sent. */
  String nextIfAny() throws InterruptedException {
    byte[] next = answers.poll(A_MOMENT_MS, TimeUnit.MILLISECONDS);
    if (next == null) {
      awaitHandled();
      next = answers.poll();
    }
    return next == null ? "" : taken(next);
  }

  private String taken(byte[] bytes) {
    String text = new String(bytes, ISO_8859_1);
    answer.append(text);
    return text;
  }

  /**
   * How a connection went.
   *
   * @param answer all that the client has received
   * @param claimed the parameters of the startup messages of the reserved database
   */
  record Ending(String answer, List<String> claimed, List<String> errors) {}

  /** Closes when the proxy has handled everything, and sees that it has let go of everything. */
  Ending end() throws InterruptedException {
    awaitHandled();
    client.close().sync();
    served.closeFuture().sync();
    await("all bytes are released").until(() -> ALLOCATOR.metric().usedHeapMemory() == 0);
    for (byte[] next = answers.poll(); next != null; next = answers.poll()) {
      taken(next);
    }
    log.close();
    return new Ending(answer.toString(), List.copyOf(CLAIMED), log.errors());
  }

  /** A task of the handshake runs on a thread of its own, and comes back. */
  private void awaitHandled() throws InterruptedException {
    LOOP.submit(() -> {}).sync();
    SslHandler encryption = served.pipeline().get(SslHandler.class);
    while (encryption != null
        && served.isOpen()
        && encryption.engine().getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
      Thread.onSpinWait();
    }
    LOOP.submit(() -> {}).sync();
  }

  private final class Collector extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf bytes = (ByteBuf) message;
      if (bytes.isReadable()) {
        answers.add(ByteBufUtil.getBytes(bytes));
      }
      bytes.release();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      answers.add(CLOSED);
    }
  }

  private static final class Reserved implements ReservedDatabase {
    @Override
    public boolean claims(StartupMessage startup) {
      return isReserved(startup);
    }

    @Override
    public boolean admits(Channel channel, boolean encrypted, boolean isServer) {
      return true;
    }

    @Override
    public void accept(
        Channel channel, StartupMessage startup, boolean isServer, Runnable admitted) {
      CLAIMED.add(startup.parameters().toString());
      channel.writeAndFlush(Unpooled.copiedBuffer("reserved " + startup.parameters(), ISO_8859_1));
      channel
          .pipeline()
          .addLast(
              new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext ctx, Object message) {
                  ctx.writeAndFlush(message);
                }
              });
    }
  }
}
