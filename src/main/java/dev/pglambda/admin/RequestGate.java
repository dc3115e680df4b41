package dev.pglambda.admin;

import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.limits.PeerAddress;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * Refuses a request by its head, before anything of its body is kept: who may not ask, and what is
 * too large. It lets one request of a connection pass at a time; a client that sends the next one
 * before is closed, which browsers and libraries do not do.
 */
final class RequestGate extends ChannelInboundHandlerAdapter {
  /** Of a replay's payload: Lambda's own limit of 6 MB, and what JSON needs to escape it. */
  static final int MOST_BODY_BYTES = 8 << 20;

  private static final int MOST_OTHER_BYTES = 4096;

  private final AccessControl access;
  private final MemoryAccount bodies;
  private long reserved;
  private boolean busy;
  private boolean refused;
  private boolean last;

  /**
   * @param bodies what all connections together may hold of bodies
   */
  RequestGate(AccessControl access, MemoryBudget bodies) {
    this.access = access;
    this.bodies = bodies.open();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object part) {
    if (last) {
      ReferenceCountUtil.release(part);
    } else if (part instanceof HttpRequest request) {
      begin(context, request);
    } else if (refused) {
      ReferenceCountUtil.release(part);
    } else {
      context.fireChannelRead(part);
    }
  }

  private void begin(ChannelHandlerContext context, HttpRequest request) {
    if (busy) {
      last = true;
      ReferenceCountUtil.release(request);
      context.close();
      return;
    }
    busy = true;
    HttpAnswer refusal = refusal(context, request);
    refused = refusal != null;
    if (refusal == null) {
      context.fireChannelRead(request);
      return;
    }
    context.pipeline().fireUserEventTriggered(RequestStage.ARRIVED);
    last = request.decoderResult().isFailure() || hasBody(request);
    if (last) {
      refusal.sendLast(context.channel(), request);
    } else {
      refusal.send(context.channel(), request);
    }
    ReferenceCountUtil.release(request);
  }

  private @Nullable HttpAnswer refusal(ChannelHandlerContext context, HttpRequest request) {
    if (request.decoderResult().isFailure()) {
      return unreadable(request.decoderResult().cause());
    }
    HttpAnswer denied = access.refusal(request, PeerAddress.host(context.channel()));
    return denied == null ? tooLarge(request) : denied;
  }

  private static HttpAnswer unreadable(Throwable cause) {
    HttpResponseStatus status =
        cause instanceof TooLongHttpHeaderException
            ? HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            : cause instanceof TooLongHttpLineException
                ? HttpResponseStatus.REQUEST_URI_TOO_LONG
                : HttpResponseStatus.BAD_REQUEST;
    return HttpAnswer.error(status, "request: not HTTP as it is understood here");
  }

  private @Nullable HttpAnswer tooLarge(HttpRequest request) {
    boolean isReplay = RequestRouter.isReplay(request);
    boolean chunked = HttpUtil.isTransferEncodingChunked(request);
    if (chunked && !isReplay) {
      return HttpAnswer.error(
          HttpResponseStatus.LENGTH_REQUIRED, "body: chunked (expected: a Content-Length)");
    }
    int most = isReplay ? MOST_BODY_BYTES : MOST_OTHER_BYTES;
    long length = chunked ? most : HttpUtil.getContentLength(request, 0L);
    if (length > most) {
      return tooLarge(length + " bytes", most);
    }
    if (!bodies.reserve(length)) {
      return HttpAnswer.error(
          HttpResponseStatus.SERVICE_UNAVAILABLE, "body: too many others are being read");
    }
    reserved = length;
    return null;
  }

  static HttpAnswer tooLarge(String length, int most) {
    return HttpAnswer.error(
        HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
        "body: %s (expected: at most %d bytes)".formatted(length, most));
  }

  private static boolean hasBody(HttpRequest request) {
    return HttpUtil.isTransferEncodingChunked(request)
        || HttpUtil.getContentLength(request, 0L) > 0;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event == RequestStage.ANSWERED) {
      busy = false;
      bodies.release(reserved);
      reserved = 0;
    }
    context.fireUserEventTriggered(event);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    bodies.close();
    context.fireChannelInactive();
  }
}
