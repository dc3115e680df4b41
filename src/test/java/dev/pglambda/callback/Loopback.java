package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.UTF_8;

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
import java.util.HashMap;
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
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
      if (in.readableBytes() < 8 || in.readableBytes() < in.getInt(in.readerIndex())) {
        return;
      }
      ByteBuf body = in.readSlice(in.readInt() - 4);
      int major = body.readUnsignedShort();
      int minor = body.readUnsignedShort();
      if (major != 3) {
        ChannelFuture unused = ctx.writeAndFlush(ctx.alloc().buffer(1).writeByte('N'));
        return;
      }
      Map<String, String> parameters = new HashMap<>();
      String[] words = body.toString(UTF_8).split("\0", -1);
      for (int i = 0; i + 1 < words.length; i += 2) {
        parameters.put(words[i], words[i + 1]);
      }
      if (!CallbackServer.isCallback(parameters)) {
        ChannelFuture unused = ctx.close();
        return;
      }
      server.accept(ctx.channel(), minor, parameters, () -> {});
      ctx.pipeline().remove(this);
    }
  }
}
