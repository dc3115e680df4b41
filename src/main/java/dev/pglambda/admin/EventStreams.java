package dev.pglambda.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.journal.JournalEntry;
import io.netty.buffer.ByteBuf;
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
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Who is told of the calls as they are made (server-sent events). Who does not read is closed and
 * not waited for: browsers come again. Used on the administration's event loop, but for {@link
 * #saw}.
 */
final class EventStreams implements AutoCloseable {
  private static final String TYPE = "text/event-stream";

  /** Of calls that were not told yet; if it is more, all streams end. */
  private static final long MOST_UNTOLD_BYTES = 32L << 20;

  /** What may be written before it is flushed. */
  private static final int MOST_UNFLUSHED_BYTES = 64 * 1024;

  private final EventLoop loop;
  private final AdminLimits limits;
  private final Set<Channel> streams = new LinkedHashSet<>();
  private final Future<?> heartbeat;

  /** Read on any thread. */
  private volatile boolean empty = true;

  private final AtomicLong untoldBytes = new AtomicLong();
  private int unflushedBytes;

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
    channel.writeAndFlush(new DefaultHttpContent(Unpooled.copiedBuffer("retry: 1000\n\n", UTF_8)));
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
    JournalEntry summary = entry.withoutPayloads();
    long bytes = summary.bytes();
    try {
      if (untoldBytes.addAndGet(bytes) > MOST_UNTOLD_BYTES) {
        untoldBytes.addAndGet(-bytes);
        empty = true; // so that nothing more waits
        loop.execute(this::closeAll);
      } else {
        loop.execute(
            () -> {
              untoldBytes.addAndGet(-bytes);
              tell(summary);
            });
      }
    } catch (RejectedExecutionException closing) {
      empty = true;
    }
  }

  private void tell(JournalEntry summary) {
    if (!streams.isEmpty()) {
      String json = new String(InvocationPages.json(summary, true), UTF_8);
      send("event: invocation\nid: %d\ndata: %s\n\n".formatted(summary.id(), json));
    }
  }

  /** The calls are forgotten; those that wait to be told were made before. */
  void cleared() {
    loop.execute(() -> send("event: cleared\ndata: {}\n\n"));
  }

  private void send(String event) {
    ByteBuf bytes = Unpooled.copiedBuffer(event, UTF_8);
    for (Channel channel : List.copyOf(streams)) {
      if (channel.isWritable()) {
        channel.write(new DefaultHttpContent(bytes.retainedDuplicate()));
      } else {
        channel.close();
      }
    }
    boolean isFirst = unflushedBytes == 0;
    unflushedBytes += bytes.readableBytes();
    bytes.release();
    if (unflushedBytes > MOST_UNFLUSHED_BYTES) {
      flush();
    } else if (isFirst) {
      loop.execute(this::flush); // behind what waits to be told
    }
  }

  private void flush() {
    unflushedBytes = 0;
    List.copyOf(streams).forEach(Channel::flush);
  }

  private void closeAll() {
    new ArrayList<>(streams).forEach(Channel::close);
  }

  @Override
  public void close() {
    heartbeat.cancel(false);
  }
}
