package dev.pglambda.lambda.aws;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LogType;
import dev.pglambda.limits.MemoryBudget;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.services.lambda.LambdaAsyncClient;

/**
 * One invocation through all of the SDK, answered here, on a port of loopback that is open
 * meanwhile: it loads the thousand classes that otherwise the first call would wait for. Nothing
 * leaves the machine, and no credentials are used.
 */
final class SdkWarmUp {
  private static final Duration LONGEST = Duration.ofSeconds(20);
  private static final String REQUEST_BODY = "{}";
  private static final byte[] ANSWER =
      ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Amz-Executed-Version: $LATEST\r\n"
              + "Content-Length: 2\r\n\r\n{}")
          .getBytes(US_ASCII);

  private SdkWarmUp() {}

  /**
   * Has a client built and used, with the answering side on event loops of the NIO transport.
   * Blocks for up to some seconds; not to be called on an event loop.
   */
  static InvocationResult run(EventLoopGroup group, Function<URI, LambdaAsyncClient> clients) {
    Channel listener =
        new ServerBootstrap()
            .group(group)
            .channel(NioServerSocketChannel.class)
            .childHandler(new Answering())
            .bind(InetAddress.getLoopbackAddress(), 0)
            .syncUninterruptibly()
            .channel();
    String address = NetUtil.toSocketAddressString((InetSocketAddress) listener.localAddress());
    try (LambdaAsyncClient client = clients.apply(URI.create("http://" + address))) {
      return InvokeMapper.result(
          client
              .invoke(
                  InvokeMapper.request(
                      invocation(),
                      AwsBasicCredentials.create("rehearsal", "rehearsal"),
                      LONGEST,
                      MemoryBudget.unlimited().open()))
              .join());
    } finally {
      listener.close().syncUninterruptibly();
    }
  }

  /** The same for TLS, up to its first message, which goes nowhere. Blocks for a second at most. */
  static void beginTls() throws GeneralSecurityException, SSLException {
    SSLEngine engine = SSLContext.getDefault().createSSLEngine();
    engine.setUseClientMode(true);
    engine.beginHandshake();
    engine.wrap(
        ByteBuffer.allocate(0), ByteBuffer.allocate(engine.getSession().getPacketBufferSize()));
  }

  private static Invocation invocation() {
    return new Invocation(
        "rehearsal",
        "us-east-1",
        InvocationType.REQUEST_RESPONSE,
        LogType.NONE,
        null,
        null,
        ByteBuffer.wrap(REQUEST_BODY.getBytes(UTF_8)),
        LONGEST,
        LONGEST);
  }

  /** Answers once the request's body has come, which may be in a read of its own. */
  @Sharable
  private static final class Answering extends SimpleChannelInboundHandler<ByteBuf> {
    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf bytes) {
      if (bytes.toString(US_ASCII).endsWith(REQUEST_BODY)) {
        ctx.writeAndFlush(ctx.alloc().buffer(ANSWER.length).writeBytes(ANSWER));
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }
}
