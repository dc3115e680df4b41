package dev.pglambda.callback;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.util.ArrayDeque;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class SlowReaderTest {
  private final FakeFunction function = new FakeFunction();
  private final Worker worker =
      Worker.connected(
          new CallbackServer(
              Worker.SECRET, function, Worker.JOURNAL, session -> null, CallbackLimits.DEFAULTS));

  @Test
  void holdsOneAnswerForAPeerThatSendsRequestsAndReadsNothing() {
    Network network = new Network();
    worker.channel.pipeline().addFirst(network);

    for (int i = 0; i < 100; i++) {
      worker.send(Worker.query("hello"));
    }

    assertThat(network.waiting).hasSize(1);
    assertThat(worker.channel.config().isAutoRead()).isFalse();
    int answers = 0;
    while (!network.waiting.isEmpty()) {
      assertThat(network.waiting).hasSize(1);
      network.waiting.remove().run();
      answers++;
    }
    assertThat(answers).isEqualTo(100);
    assertThat(worker.channel.config().isAutoRead()).isTrue();
    worker.close();
  }

  @Test
  void releasesWhatItKeptWhenSuchALinkCloses() {
    worker.channel.pipeline().addFirst(new Network());
    for (int i = 0; i < 10; i++) {
      worker.send(Worker.query("hello"));
    }
    Network network = worker.channel.pipeline().get(Network.class);

    worker.disconnect();

    network.waiting.forEach(Runnable::run);
    worker.close();
  }

  /** Writes when the test says so. */
  private static final class Network extends ChannelOutboundHandlerAdapter {
    private final Queue<Runnable> waiting = new ArrayDeque<>();

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
      waiting.add(
          () -> {
            ChannelFuture unused = ctx.writeAndFlush(message, promise);
          });
    }
  }
}
