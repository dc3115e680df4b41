package dev.pglambda.lambda.aws;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslContextBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConnectionWatchTest {
  private final List<Throwable> seen = new ArrayList<>();

  /** As the SDK's pool does with a channel that nobody uses. */
  private final class ClosingAtFailure extends ChannelInboundHandlerAdapter {
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      seen.add(cause);
      ctx.close();
    }
  }

  @Test
  void tellsOnceOfAHandshakeThatFailsAlsoToWhoClosesThen() throws Exception {
    EmbeddedChannel channel = new EmbeddedChannel();
    channel
        .pipeline()
        .addLast(
            new ConnectionWatch(false, Duration.ofSeconds(1)),
            SslContextBuilder.forClient().build().newHandler(channel.alloc()),
            new ClosingAtFailure());

    channel.writeInbound(Unpooled.copiedBuffer("this is no TLS", StandardCharsets.US_ASCII));

    assertThat(seen)
        .filteredOn(
            each -> String.valueOf(each.getMessage()).startsWith("The TLS handshake failed"))
        .hasSize(1);
    assertThat(seen).noneMatch(StackOverflowError.class::isInstance);
    assertThat(channel.isOpen()).isFalse();
    channel.releaseOutbound();
  }
}
