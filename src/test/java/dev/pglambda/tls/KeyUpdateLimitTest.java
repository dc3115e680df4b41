package dev.pglambda.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;

/** What HostileTlsTest cannot send: the JDK's KeyUpdate always wants an answer. */
class KeyUpdateLimitTest {
  private static final int RECORD_BYTES = 16 * 1024;
  private static final int MOST = 256 * 1024 / RECORD_BYTES;

  /** Stands for TLS: of some records there are data, of others not. */
  private static final class Decryption extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object record) {
      if (((ByteBuf) record).getByte(0) == 1) {
        ctx.fireChannelRead(record);
      } else {
        ((ByteBuf) record).release();
      }
    }
  }

  private final EmbeddedChannel channel = new EmbeddedChannel();

  KeyUpdateLimitTest() {
    KeyUpdateLimit.encrypt(channel.pipeline(), new Decryption());
  }

  private void receive(boolean data) {
    channel.writeInbound(
        Unpooled.buffer(RECORD_BYTES).writeByte(data ? 1 : 0).writeZero(RECORD_BYTES - 1));
    ByteBuf read = channel.readInbound();
    if (read != null) {
      read.release();
    }
  }

  @Test
  void recordsWithoutDataComeToAnEnd() {
    for (int i = 0; i < MOST; i++) {
      receive(false);
    }
    assertThat(channel.isOpen()).isTrue();

    assertThatThrownBy(() -> receive(false))
        .isInstanceOf(SSLException.class)
        .hasMessage("too many records without data");
    assertThat(channel.isOpen()).isFalse();
  }

  @Test
  void recordsBetweenDataDoNot() {
    for (int i = 0; i < 10 * MOST; i++) {
      receive(i % MOST == 0);
    }

    assertThat(channel.isOpen()).isTrue();
  }
}
