package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.intercept.Interceptor;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import dev.pglambda.testing.Peer;
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
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The relay between a client and a server that say exactly what a test says. */
abstract class RelayStage {
  static final KeyOffer KEYS =
      new KeyOffer("keys", "SELECT $1", List.of("secret"), "DO 'store'", "ZL001", "ZL002");

  final NioEventLoopGroup loops = new NioEventLoopGroup(1);
  final List<AutoCloseable> open = new ArrayList<>();
  ServerSocket server = listen();
  Duration startupTimeout = Duration.ofSeconds(30);
  Interceptor interceptor = (buffer, index, length, types, settings) -> null;

  private static ServerSocket listen() {
    try {
      return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @BeforeEach
  void open() {
    open.add(server);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
  }

  Peer client(byte[] first) throws Exception {
    Relay relay =
        new Relay(
            new RelaySettings(
                "127.0.0.1", server.getLocalPort(), Duration.ofSeconds(5), startupTimeout, 1 << 20),
            new Sessions(),
            interceptor,
            KEYS,
            new EchoingDatabase(),
            token -> "for " + token);
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
    Peer client = Peer.connect(((InetSocketAddress) listener.localAddress()).getPort());
    open.add(client);
    return client.send(first);
  }

  Peer backend() throws IOException {
    Peer backend = Peer.accept(server);
    open.add(backend);
    return backend;
  }

  Peer ready(Peer client) throws IOException {
    Peer backend = backend();
    backend.readPacket();
    backend.send(concat(message('R', "\0\0\0\0"), message('Z', "I")));
    assertThat(client.read().type()).isEqualTo('R');
    assertThat(client.read().type()).isEqualTo('Z');
    return backend;
  }

  static byte[] concat(byte[]... parts) {
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
    public void accept(Channel channel, StartupMessage startup) {
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
