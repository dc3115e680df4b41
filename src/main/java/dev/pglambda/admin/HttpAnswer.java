package dev.pglambda.admin;

import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_SECURITY_POLICY;
import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_TYPE;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpChunkedInput;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.stream.ChunkedInput;
import io.netty.handler.stream.ChunkedStream;
import java.io.ByteArrayInputStream;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The answer to a request, which is sent once. */
final class HttpAnswer {
  /** Names are written in snake case, times in ISO 8601. */
  static final JsonMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .addModule(new SimpleModule().addSerializer(Instant.class, ToStringSerializer.instance))
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  static final String JSON_TYPE = "application/json";

  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src"
          + " 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

  /** What is written at a time, so that a client that reads slowly is seen to read. */
  static final int PIECE_BYTES = 64 * 1024;

  /** How long a client may take to read why the rest of its request is not read. */
  private static final long LINGER_MS = 1_000;

  private final HttpResponse head;

  /** Null: the head is the whole. */
  private final @Nullable ChunkedInput<ByteBuf> body;

  private final int bytes;

  private HttpAnswer(HttpResponse head, @Nullable ChunkedInput<ByteBuf> body, int bytes) {
    this.head = head;
    this.body = body;
    this.bytes = bytes;
  }

  static HttpAnswer of(HttpResponseStatus status, String type, byte[] body) {
    boolean isLarge = body.length > PIECE_BYTES;
    HttpResponse head =
        isLarge
            ? new DefaultHttpResponse(HttpVersion.HTTP_1_1, status)
            : new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, status, Unpooled.wrappedBuffer(body));
    head.headers().set(CONTENT_TYPE, type);
    HttpUtil.setContentLength(head, body.length);
    return new HttpAnswer(
        head,
        isLarge ? new ChunkedStream(new ByteArrayInputStream(body), PIECE_BYTES) : null,
        body.length);
  }

  /** One whose body is made while it is sent, and accounts for itself what it holds. */
  static HttpAnswer streamed(String type, ChunkedInput<ByteBuf> body) {
    HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
    head.headers().set(CONTENT_TYPE, type);
    return new HttpAnswer(head, body, 0);
  }

  /** One without a body, such as 204. */
  static HttpAnswer empty(HttpResponseStatus status) {
    return new HttpAnswer(
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.EMPTY_BUFFER), null, 0);
  }

  static HttpAnswer json(HttpResponseStatus status, Object value) {
    try {
      return of(status, JSON_TYPE, JSON.writeValueAsBytes(value));
    } catch (JsonProcessingException bug) {
      throw new IllegalStateException(bug);
    }
  }

  static HttpAnswer error(HttpResponseStatus status, String message) {
    return json(status, Map.of("error", message));
  }

  static HttpAnswer redirect(String path) {
    return of(HttpResponseStatus.SEE_OTHER, JSON_TYPE, new byte[0])
        .with(HttpHeaderNames.LOCATION, path);
  }

  /** Lets a browser do nothing with an answer but what the page needs. */
  static void restrict(HttpHeaders headers) {
    headers
        .set(CONTENT_SECURITY_POLICY, POLICY)
        .set("X-Content-Type-Options", "nosniff")
        .set("Referrer-Policy", "no-referrer")
        .set("Cross-Origin-Resource-Policy", "same-origin");
  }

  HttpAnswer with(CharSequence header, Object value) {
    head.headers().set(header, value);
    return this;
  }

  HttpResponseStatus status() {
    return head.status();
  }

  /** Value of a header; empty if there is none. */
  String header(String name) {
    return head.headers().get(name, "");
  }

  /** What it holds until it is sent. */
  int bytes() {
    return bytes;
  }

  /** Sends it; the connection stays if its client wants that. */
  ChannelFuture send(Channel channel, HttpRequest request) {
    boolean isHttp10 = request.protocolVersion().equals(HttpVersion.HTTP_1_0);
    boolean stays = HttpUtil.isKeepAlive(request) && !(isHttp10 && body != null);
    return write(channel, request, stays)
        .addListener(
            written -> {
              if (stays && written.isSuccess()) {
                channel.pipeline().fireUserEventTriggered(RequestStage.ANSWERED);
              } else {
                channel.close();
              }
            });
  }

  /** Sends it and closes, in a way that lets a client read it that is still sending. */
  void sendLast(Channel channel, HttpRequest request) {
    write(channel, request, false)
        .addListener(
            written -> {
              ((DuplexChannel) channel).shutdownOutput();
              channel.eventLoop().schedule(() -> channel.close(), LINGER_MS, TimeUnit.MILLISECONDS);
            });
  }

  private ChannelFuture write(Channel channel, HttpRequest request, boolean stays) {
    restrict(head.headers());
    if (!head.headers().contains(HttpHeaderNames.CACHE_CONTROL)) {
      head.headers().set(HttpHeaderNames.CACHE_CONTROL, "no-store");
    }
    HttpUtil.setKeepAlive(head, stays);
    if (body == null) {
      return channel.writeAndFlush(head);
    }
    if (!HttpUtil.isContentLengthSet(head)) {
      HttpUtil.setTransferEncodingChunked(
          head, !request.protocolVersion().equals(HttpVersion.HTTP_1_0));
    }
    channel.write(head);
    return channel.writeAndFlush(new HttpChunkedInput(body)); // the codec sends none for HEAD
  }
}
