package dev.pglambda.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.journal.JournalEntry;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Who is told of the calls as they are made (server-sent events). Who does not read is closed and
 * not waited for: browsers come again. Used on the administration's event loop, but for {@link
 * #saw}.
 */
final class EventStreams implements AutoCloseable {
  private static final String TYPE = "text/event-stream";

  /** Calls that were not told yet; if there are more, all streams end. */
  private static final int MOST_UNTOLD = 20_000;

  private final EventLoop loop;
  private final AdminLimits limits;
  private final Set<Channel> streams = new LinkedHashSet<>();
  private final Future<?> heartbeat;

  /** Read on any thread. */
  private volatile boolean empty = true;

  private final AtomicInteger untold = new AtomicInteger();

  EventStreams(EventLoop loop, AdminLimits limits) {
    this.loop = loop;
    this.limits = limits;
    long period = limits.heartbeat().toMillis();
    this.heartbeat =
        loop.scheduleAtFixedRate(() -> send(":\n\n"), period, period, TimeUnit.MILLISECONDS);
  }

  /** Makes the connection of a request a stream; or says why not. */
  @Nullable HttpAnswer open(AdminRequest request) {
    if (streams.size() >= limits.eventStreams()) {
      return HttpAnswer.error(
          HttpResponseStatus.SERVICE_UNAVAILABLE,
          "event streams: %d (expected: fewer)".formatted(streams.size()));
    }
    Channel channel = request.channel();
    if (request.head().method().equals(HttpMethod.HEAD)) {
      return HttpAnswer.of(HttpResponseStatus.OK, TYPE, new byte[0]);
    }
    HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
    head.headers()
        .set(HttpHeaderNames.CONTENT_TYPE, TYPE)
        .set(HttpHeaderNames.CACHE_CONTROL, "no-store");
    HttpAnswer.restrict(head.headers());
    HttpUtil.setTransferEncodingChunked(
        head, !request.head().protocolVersion().equals(HttpVersion.HTTP_1_0));
    channel
        .config()
        .setWriteBufferWaterMark(
            new WriteBufferWaterMark(limits.eventBytes() / 2, limits.eventBytes()));
    channel.write(head);
    channel.writeAndFlush(content("retry: 1000\n\n"));
    streams.add(channel);
    empty = false;
    channel.closeFuture().addListener(closed -> remove(channel));
    return null;
  }

  private void remove(Channel channel) {
    streams.remove(channel);
    empty = streams.isEmpty();
  }

  /** A call has begun or ended. Any thread; never waits. */
  void saw(JournalEntry entry) {
    if (empty) {
      return;
    }
    boolean tooMany = untold.incrementAndGet() > MOST_UNTOLD;
    try {
      loop.execute(
          () -> {
            untold.decrementAndGet();
            if (tooMany) {
              closeAll();
            } else if (!empty) {
              tell(entry);
            }
          });
    } catch (RejectedExecutionException closing) {
      empty = true;
    }
  }

  private void tell(JournalEntry entry) {
    String json = new String(InvocationPages.json(entry, true), UTF_8);
    send("event: invocation\nid: %d\ndata: %s\n\n".formatted(entry.id(), json));
  }

  /** The calls are forgotten. */
  void cleared() {
    send("event: cleared\ndata: {}\n\n");
  }

  private void send(String event) {
    for (Channel channel : List.copyOf(streams)) {
      if (channel.isWritable()) {
        channel.writeAndFlush(content(event));
      } else {
        channel.close();
      }
    }
  }

  private static DefaultHttpContent content(String text) {
    return new DefaultHttpContent(Unpooled.wrappedBuffer(text.getBytes(UTF_8)));
  }

  private void closeAll() {
    new ArrayList<>(streams).forEach(Channel::close);
  }

  @Override
  public void close() {
    heartbeat.cancel(false);
  }
}
