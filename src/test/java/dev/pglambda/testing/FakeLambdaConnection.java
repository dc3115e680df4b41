package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One connection of a {@link FakeLambdaEndpoint}; runs on the endpoint's event loop. */
final class FakeLambdaConnection extends SimpleChannelInboundHandler<FullHttpRequest> {
  private static final Pattern PATH = Pattern.compile("/2015-03-31/functions/([^/]+)/invocations");
  private static final int TAIL_LENGTH = 4096;

  private final FakeLambdaEndpoint endpoint;
  private boolean answerPending;

  FakeLambdaConnection(FakeLambdaEndpoint endpoint) {
    this.endpoint = endpoint;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    endpoint.connected();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    if (answerPending) {
      answerPending = false;
      endpoint.abortedByClient();
    }
    endpoint.disconnected();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    var unused = context.close(); // A reset by the client; channelInactive counts it.
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, FullHttpRequest message) {
    QueryStringDecoder uri = new QueryStringDecoder(message.uri());
    Matcher path = PATH.matcher(uri.rawPath());
    if (!path.matches()) {
      var unused = write(context, 404, Map.of(), "not the Invoke API".getBytes(UTF_8));
      return;
    }
    ReceivedRequest request = received(message, path.group(1), uri);
    answerPending = true;
    Reply programmed = endpoint.replyTo(request.functionName());
    Reply reply = programmed == null ? FakeLambdaEndpoint.notFound(request) : programmed;
    Runnable answer = () -> answer(context, request, reply);
    if (reply.held) {
      endpoint.received(request, () -> context.executor().execute(answer));
    } else {
      endpoint.received(request, null);
      var unused = context.executor().schedule(answer, reply.delay.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private static ReceivedRequest received(
      FullHttpRequest message, String encodedName, QueryStringDecoder uri) {
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    message.headers().forEach(header -> headers.put(header.getKey(), header.getValue()));
    ByteBuffer body = ByteBuffer.wrap(ByteBufUtil.getBytes(message.content())).asReadOnlyBuffer();
    return new ReceivedRequest(
        // A plus sign in a path is a plus sign.
        URLDecoder.decode(encodedName.replace("+", "%2B"), UTF_8),
        uri.parameters().getOrDefault("Qualifier", List.of()).stream().findFirst().orElse(null),
        headers,
        body,
        Instant.now());
  }

  private void answer(ChannelHandlerContext context, ReceivedRequest request, Reply reply) {
    if (!answerPending) {
      return; // The client has gone.
    }
    answerPending = false;
    endpoint.answered();
    ChannelFuture written =
        switch (reply.kind) {
          case OUTCOME -> outcome(context, request, reply, reply.bytes());
          case ECHO -> outcome(context, request, reply, bytes(request.body()));
          case VERBATIM -> write(context, reply.status, reply.headers, reply.bytes());
          case RESET -> {
            // Nothing lingers, so the kernel sends RST instead of FIN.
            context.channel().config().setOption(ChannelOption.SO_LINGER, 0);
            yield context.close();
          }
          case CLOSE -> context.close();
          case CLOSE_MID_BODY -> writeHalf(context, reply);
        };
    if (reply.closesAfterwards) {
      // Only this half, so that the connection counts as open until the client has noticed.
      written.addListener(
          done -> {
            var unused = ((SocketChannel) context.channel()).shutdownOutput();
          });
    }
  }

  private static ChannelFuture outcome(
      ChannelHandlerContext context, ReceivedRequest request, Reply reply, byte[] body) {
    String type = String.valueOf(request.header("X-Amz-Invocation-Type"));
    if (type.equals("Event")) {
      return write(context, 202, Map.of(), new byte[0]);
    }
    if (type.equals("DryRun")) {
      return write(context, 204, Map.of(), new byte[0]);
    }
    boolean tail = "Tail".equals(request.header("X-Amz-Log-Type"));
    return write(
        context,
        reply.status,
        tail && reply.log != null
            ? reply.withHeader("X-Amz-Log-Result", tail(reply.log)).headers
            : reply.headers,
        body);
  }

  private static String tail(@Nullable String log) {
    byte[] text = String.valueOf(log).getBytes(UTF_8);
    int from = Math.max(0, text.length - TAIL_LENGTH);
    return Base64.getEncoder().encodeToString(Arrays.copyOfRange(text, from, text.length));
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  private static ChannelFuture write(
      ChannelHandlerContext context, int status, Map<String, String> headers, byte[] body) {
    ByteBuf content = Unpooled.wrappedBuffer(body);
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), content);
    headers.forEach(response.headers()::set);
    if (status != 204) {
      response.headers().set("Content-Length", body.length);
    }
    response.headers().set("x-amzn-RequestId", "11111111-2222-3333-4444-555555555555");
    return context.writeAndFlush(response);
  }

  private static ChannelFuture writeHalf(ChannelHandlerContext context, Reply reply) {
    byte[] body = reply.bytes();
    DefaultHttpResponse response =
        new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(reply.status));
    response.headers().set("Content-Length", body.length);
    var unused = context.write(response);
    return context
        .writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(body, 0, body.length / 2)))
        .addListener(ChannelFutureListener.CLOSE);
  }
}
