package dev.pglambda.callback;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import dev.pglambda.protocol.auth.ChannelBinding;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A port of this machine on which a callback server listens, with the least of a relay before it.
 */
final class Loopback implements AutoCloseable {
  private final NioEventLoopGroup loops = new NioEventLoopGroup(1);
  private final Channel listener;

  Loopback(CallbackServer server, int port) {
    listener =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(new StartupDecoder(server));
                  }
                })
            .bind(InetAddress.getLoopbackAddress(), port)
            .syncUninterruptibly()
            .channel();
  }

  int port() {
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  @Override
  public void close() {
    loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }

  /** Reads the StartupMessage, refuses encryption, and hands the channel over. */
  private static final class StartupDecoder extends ByteToMessageDecoder {
    private final CallbackServer server;

    StartupDecoder(CallbackServer server) {
      this.server = server;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out)
        throws ProtocolViolation {
      StartupPacket packet = StartupPacket.read(in);
      if (packet == null) {
        return;
      }
      in.skipBytes(StartupPacket.length(in));
      if (!(packet instanceof StartupMessage startup)) {
        ChannelFuture unused =
            ctx.writeAndFlush(ctx.alloc().buffer(1).writeByte(BackendMessage.NO_ENCRYPTION));
        return;
      }
      Map<String, String> parameters = startup.parameters();
      if (!CallbackServer.isCallback(parameters)) {
        ChannelFuture unused = ctx.close();
        return;
      }
      server.accept(
          ctx.channel(), startup.minorVersion(), parameters, ChannelBinding.NONE, () -> {});
      ctx.pipeline().remove(this);
    }
  }
}
