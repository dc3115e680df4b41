package dev.pglambda.lambda.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.lambda.ServiceLimits;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of a process to Lambda's Runtime API (2018-06-01). Each process has a port of its
 * own on loopback, so that none gets another's events. A request that cannot be served is never
 * answered with 500: real runtimes exit on that.
 */
final class RuntimeApi extends SimpleChannelInboundHandler<HttpObject> {
  private static final Logger log = LoggerFactory.getLogger(RuntimeApi.class);

  private static final String ROOT = "/2018-06-01/runtime/";
  private static final Pattern INVOCATION =
      Pattern.compile(ROOT + "invocation/([^/]+)/(response|error)");
  private static final String ERROR_TYPE = "Lambda-Runtime-Function-Error-Type";
  private static final String ERROR_BODY = "Lambda-Runtime-Function-Error-Body";

  private final FunctionProcess process;
  private @Nullable HttpRequest request;
  private ByteBuf body = Unpooled.EMPTY_BUFFER;
  private boolean tooLarge;

  private RuntimeApi(FunctionProcess process) {
    this.process = process;
  }

  /** Listens on a free port; everything happens on the loop, and the channels join the group. */
  static ChannelFuture listen(EventLoop loop, FunctionProcess process, ChannelGroup channels) {
    return new ServerBootstrap()
        .group(loop, loop)
        .channel(NioServerSocketChannel.class)
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                channels.add(channel);
                channel.pipeline().addLast(new HttpServerCodec(), new RuntimeApi(process));
              }
            })
        .bind("127.0.0.1", 0);
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
    if (part.decoderResult().isFailure()) {
      context.writeAndFlush(
          refusal(HttpResponseStatus.BAD_REQUEST, "InvalidRequest", "No HTTP request"));
      context.close();
      return;
    }
    if (part instanceof HttpRequest begun) {
      request = begun;
      body = Unpooled.buffer(0);
      tooLarge = false;
      if (HttpUtil.is100ContinueExpected(begun)) {
        context.writeAndFlush(
            new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
      }
    }
    if (part instanceof HttpContent content) {
      append(content.content());
    }
    if (part instanceof LastHttpContent last && request != null) {
      HttpRequest whole = request;
      request = null;
      answer(context, whole, last);
    }
  }

  /** What is too large is read to its end all the same: not all clients read an early answer. */
  private void append(ByteBuf content) {
    tooLarge |= body.readableBytes() + content.readableBytes() > ServiceLimits.MAX_REPLY_BYTES;
    if (!tooLarge) {
      body.writeBytes(content);
    }
  }

  private void answer(ChannelHandlerContext context, HttpRequest whole, LastHttpContent last) {
    boolean get = whole.method().equals(HttpMethod.GET);
    String path = whole.uri().split("\\?", 2)[0];
    Matcher invocation = INVOCATION.matcher(path);
    if (get && path.equals(ROOT + "invocation/next")) {
      process.next(context);
    } else if (!get && path.equals(ROOT + "init/error")) {
      respond(context, process.initError(whole.headers().get(ERROR_TYPE), body()));
    } else if (!get && invocation.matches()) {
      respond(context, ended(invocation, whole, last));
    } else {
      respond(context, refusal(HttpResponseStatus.NOT_FOUND, "NotFound", "No such path"));
    }
  }

  private FullHttpResponse ended(Matcher invocation, HttpRequest whole, LastHttpContent last) {
    String requestId = invocation.group(1);
    String brokenOff = last.trailingHeaders().get(ERROR_TYPE);
    if (brokenOff != null) {
      ByteBuffer error = decoded(last.trailingHeaders().get(ERROR_BODY, ""));
      return process.finished(requestId, RunOutcome.error(brokenOff, error));
    }
    if (tooLarge) {
      return process.finished(requestId, RunOutcome.tooLarge());
    }
    return process.finished(
        requestId,
        invocation.group(2).equals("response")
            ? RunOutcome.success(body())
            : RunOutcome.error(whole.headers().get(ERROR_TYPE), body()));
  }

  private static ByteBuffer decoded(String base64) {
    try {
      return ByteBuffer.wrap(Base64.getDecoder().decode(base64));
    } catch (IllegalArgumentException plain) {
      return ByteBuffer.wrap(base64.getBytes(UTF_8));
    }
  }

  private ByteBuffer body() {
    return body.nioBuffer();
  }

  /** Writes a response; the connection stays. */
  static void respond(ChannelHandlerContext context, FullHttpResponse response) {
    HttpUtil.setContentLength(response, response.content().readableBytes());
    context.writeAndFlush(response);
  }

  /** The next event. */
  static FullHttpResponse event(RuntimeEvent event, long deadlineMs) {
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.OK,
            Unpooled.wrappedBuffer(event.payload().duplicate()));
    response
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, "application/json")
        .set("Lambda-Runtime-Aws-Request-Id", event.requestId())
        .set("Lambda-Runtime-Deadline-Ms", deadlineMs)
        .set("Lambda-Runtime-Invoked-Function-Arn", event.invokedArn())
        .set("Lambda-Runtime-Trace-Id", event.traceId());
    String clientContext = event.clientContextHeader();
    if (clientContext != null) {
      response.headers().set("Lambda-Runtime-Client-Context", clientContext);
    }
    return response;
  }

  static FullHttpResponse accepted() {
    return json(HttpResponseStatus.ACCEPTED, "{\"status\":\"OK\"}");
  }

  /** The process asked for something that is not its turn. */
  static FullHttpResponse wrongState() {
    return refusal(
        HttpResponseStatus.FORBIDDEN, "InvalidStateTransition", "State transition is not allowed");
  }

  static FullHttpResponse refusal(HttpResponseStatus status, String errorType, String message) {
    return json(
        status, "{\"errorMessage\":\"%s\",\"errorType\":\"%s\"}".formatted(message, errorType));
  }

  private static FullHttpResponse json(HttpResponseStatus status, String text) {
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, status, Unpooled.wrappedBuffer(text.getBytes(UTF_8)));
    response.headers().set(HttpHeaderNames.CONTENT_TYPE, "application/json");
    return response;
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    process.disconnected(context);
  }

  /** A child that was killed resets its connections. */
  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    log.debug("A connection of {} failed", process, cause);
    context.close();
  }
}
