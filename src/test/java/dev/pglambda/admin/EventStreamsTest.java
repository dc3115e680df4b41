package dev.pglambda.admin;

import static dev.pglambda.testing.Awaiting.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.admin.AdminStage.Setup;
import dev.pglambda.lambda.InvocationResult;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventStreamsTest {
  private static final int PATIENCE_S = 10;
  private static final String REQUEST = "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n";

  private @Nullable AdminStage opened;

  private AdminStage open(int streams, int bytes, Duration heartbeat) throws Exception {
    AdminLimits usual = AdminLimits.DEFAULT;
    AdminStage stage =
        new AdminStage(
            Setup.with(
                new AdminLimits(
                    usual.connections(),
                    streams,
                    bytes,
                    usual.request(),
                    usual.idle(),
                    heartbeat,
                    usual.failedLogins())));
    opened = stage;
    return stage;
  }

  @AfterEach
  void close() throws Exception {
    if (opened != null) {
      opened.close();
    }
  }

  /** Lines of a stream that has begun. */
  private static BlockingQueue<String> listen(AdminStage stage) throws InterruptedException {
    BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    var unusedEnd =
        stage
            .http()
            .sendAsync(stage.request("/api/events").build(), HttpResponse.BodyHandlers.ofLines())
            .thenAccept(response -> response.body().forEach(lines::add));
    assertThat(lines.poll(PATIENCE_S, TimeUnit.SECONDS)).isEqualTo("retry: 1000");
    assertThat(lines.poll(PATIENCE_S, TimeUnit.SECONDS)).isEmpty();
    return lines;
  }

  @Test
  void tellsWithin200MillisecondsWhenACallBeginsAndWhenItHasEnded() throws Exception {
    AdminStage stage = open(20, 1 << 20, Duration.ofSeconds(15));
    BlockingQueue<String> lines = listen(stage);
    CompletableFuture<InvocationResult> answer = new CompletableFuture<>();
    stage.answer = answer;

    stage.call("notify-order", "{}");

    assertThat(lines.poll(200, TimeUnit.MILLISECONDS)).isEqualTo("event: invocation");
    assertThat(lines.take()).isEqualTo("id: 1");
    assertThat(lines.take())
        .startsWith("data: {\"id\":1,")
        .contains("\"outcome\":\"pending\"")
        .doesNotContain("\"payload\":");
    assertThat(lines.take()).isEmpty();

    answer.complete(new InvocationResult(204, null, null, null, null));

    assertThat(lines.poll(200, TimeUnit.MILLISECONDS)).isEqualTo("event: invocation");
    assertThat(lines.take()).isEqualTo("id: 1");
    assertThat(lines.take()).contains("\"outcome\":\"ok\"", "\"status_code\":204");
  }

  @Test
  void tellsThatCallsAreForgotten() throws Exception {
    AdminStage stage = open(20, 1 << 20, Duration.ofSeconds(15));
    BlockingQueue<String> lines = listen(stage);

    stage.send(stage.request("/api/invocations").DELETE());

    assertThat(lines.poll(PATIENCE_S, TimeUnit.SECONDS)).isEqualTo("event: cleared");
  }

  @Test
  void sendsACommentWhereNothingHappens() throws Exception {
    AdminStage stage = open(20, 1 << 20, Duration.ofMillis(50));
    BlockingQueue<String> lines = listen(stage);

    assertThat(lines.poll(PATIENCE_S, TimeUnit.SECONDS)).isEqualTo(":");
  }

  @Test
  void refusesMoreStreamsThanThereMayBe() throws Exception {
    AdminStage stage = open(1, 1 << 20, Duration.ofSeconds(15));
    listen(stage);

    assertThat(stage.get("/api/events").statusCode()).isEqualTo(503);
  }

  /** Streams of a loop that is busy until it is told to go on, and the one that listens. */
  private record BusyLoop(
      DefaultEventLoop loop, EventStreams streams, EmbeddedChannel listening, CountDownLatch goesOn)
      implements AutoCloseable {

    static BusyLoop listeningTo(AdminStage stage) throws Exception {
      DefaultEventLoop loop = new DefaultEventLoop();
      EventStreams streams = new EventStreams(loop, AdminLimits.DEFAULT);
      EmbeddedChannel listening = new EmbeddedChannel();
      CountDownLatch goesOn = new CountDownLatch(1);
      HttpRequest head = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/");
      streams.open(new AdminRequest(listening, head, Map.of(), 0, ""));
      listening.releaseOutbound();
      var unusedEnd = loop.submit(() -> goesOn.await(PATIENCE_S, TimeUnit.SECONDS));
      stage.journal.listen(streams::saw);
      return new BusyLoop(loop, streams, listening, goesOn);
    }

    void goOn() throws Exception {
      goesOn.countDown();
      loop.submit(() -> {}).get(PATIENCE_S, TimeUnit.SECONDS);
      loop.submit(() -> {}).get(PATIENCE_S, TimeUnit.SECONDS); // behind a flush
    }

    @Override
    public void close() {
      streams.close();
      listening.finishAndReleaseAll();
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
  }

  @Test
  void holdsNoPayloadsOfCallsThatWaitToBeTold() throws Exception {
    AdminStage stage = open(20, 1 << 20, Duration.ofSeconds(15));
    try (BusyLoop busy = BusyLoop.listeningTo(stage)) {
      String large = "\"" + "x".repeat(5 << 20) + "\"";

      for (int i = 0; i < 10; i++) {
        stage.call("large", large);
      }
      busy.goOn();

      assertThat(busy.listening().isOpen()).isTrue();
      assertThat(busy.listening().outboundMessages()).hasSize(20);
    }
  }

  @Test
  void closesAllStreamsWhereTooManyBytesWaitToBeTold() throws Exception {
    AdminStage stage = open(20, 1 << 20, Duration.ofSeconds(15));
    try (BusyLoop busy = BusyLoop.listeningTo(stage)) {
      for (int i = 0; i < 10; i++) {
        stage.call("f".repeat(5 << 20), "{}");
      }
      busy.goOn();

      assertThat(busy.listening().isOpen()).isFalse();
    }
  }

  @Test
  void tellsThatCallsAreForgottenBehindThoseThatWereMadeBefore() throws Exception {
    AdminStage stage = open(20, 1 << 20, Duration.ofSeconds(15));
    try (BusyLoop busy = BusyLoop.listeningTo(stage)) {
      stage.call(null, "{}");
      busy.streams().cleared();
      busy.goOn();

      assertThat(text(busy.listening())).startsWith("event: invocation\n");
      assertThat(text(busy.listening())).startsWith("event: cleared\n");
    }
  }

  private static String text(EmbeddedChannel channel) {
    HttpContent event = channel.readOutbound();
    String text = event.content().toString(UTF_8);
    event.release();
    return text;
  }

  @Test
  void closesAStreamWhoseClientDoesNotRead() throws Exception {
    AdminStage stage = open(1, 64 * 1024, Duration.ofSeconds(15));
    try (Socket slow = new Socket()) {
      slow.setReceiveBufferSize(4096);
      slow.connect(stage.server().address());
      slow.getOutputStream().write(REQUEST.getBytes(UTF_8));
      assertThat(status(slow)).isEqualTo("200");

      await("its stream is closed")
          .until(
              () -> {
                for (int i = 0; i < 1000; i++) {
                  stage.call("f".repeat(150), "{}");
                }
                return isStreamFree(stage);
              });
    }
  }

  private static boolean isStreamFree(AdminStage stage) throws Exception {
    try (Socket client = stage.connect()) {
      client.getOutputStream().write(REQUEST.getBytes(UTF_8));
      return status(client).equals("200");
    }
  }

  private static String status(Socket client) throws IOException {
    return new String(client.getInputStream().readNBytes("HTTP/1.1 200".length()), UTF_8)
        .substring("HTTP/1.1 ".length());
  }
}
