package dev.pglambda.listener;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import dev.pglambda.relay.RelayStage;
import dev.pglambda.testing.FuzzInput;
import dev.pglambda.testing.ProxyHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The first bytes of a connection, whatever they are. */
class StartupFuzzTest {
  /** Answers to requests for encryption, then nothing, a refusal, or the reserved database. */
  private static final Pattern ORDERLY =
      Pattern.compile("(?s)N{0,2}(?:|E.{4}SFATAL\0VFATAL\0C[0-9A-Z]{5}\0M[^\0]+\0\0|reserved .*)");

  /** Some packets would go to a server: there is none here. */
  private static final ClientListener RELAY = RelayStage.withoutServer(null, new Reserved());

  @FuzzTest
  void answersAnyBytesInOrder(byte[] input) {
    answersInOrder(input, false);
  }

  /** With or without a header of the PROXY protocol in front. */
  @FuzzTest
  void answersAnyBytesOfABalancerInOrder(byte[] input) {
    answersInOrder(input, true);
  }

  private static void answersInOrder(byte[] input, boolean fromBalancer) {
    List<byte[]> pieces = new FuzzInput(input).pieces();
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    pieces.forEach(whole::writeBytes);
    byte[] all = whole.toByteArray();
    int header = fromBalancer ? ProxyHeader.length(all) : 0;
    if (header <= all.length && needsServer(Arrays.copyOfRange(all, header, all.length))) {
      return;
    }

    String answer = answer(pieces, fromBalancer);

    assertThat(answer).matches(ORDERLY);
    assertThat(answer(List.of(all), fromBalancer)).as("in one piece").isEqualTo(answer);
  }

  @FuzzTest
  void readsAnyPacketOrRefusesIt(byte[] input) {
    ByteBuf in = Unpooled.wrappedBuffer(input);
    try {
      StartupPacket packet = StartupPacket.read(in);
      if (packet instanceof StartupMessage startup && startup.majorVersion() == 3) {
        String body =
            new String(input, 8, StartupPacket.length(in) - 8, StandardCharsets.ISO_8859_1);
        StringBuilder written = new StringBuilder();
        startup.parameters().forEach((name, value) -> written.append(name + '\0' + value + '\0'));
        assertThat(body).endsWith("\0");
        if (startup.parameters().size() == body.chars().filter(c -> c == 0).count() / 2) {
          assertThat(written + "\0").isEqualTo(body); // unless a name came twice
        }
      }
    } catch (ProtocolViolation violation) {
      assertThat(violation.getMessage()).startsWith("invalid ");
    }
    assertThat(in.readerIndex()).as("bytes taken").isZero();
  }

  private static boolean needsServer(byte[] bytes) {
    ByteBuf in = Unpooled.wrappedBuffer(bytes);
    Set<String> asked = new HashSet<>();
    try {
      for (StartupPacket packet = StartupPacket.read(in);
          packet != null;
          packet = StartupPacket.read(in)) {
        boolean again =
            (packet instanceof StartupPacket.SslRequest && !asked.add("TLS"))
                || (packet instanceof StartupPacket.GssEncRequest && !asked.add("GSSAPI"));
        if (again
            || packet instanceof StartupPacket.CancelRequest
            || (packet instanceof StartupMessage startup
                && !(startup.majorVersion() == 3 && startup.user().equals("pglambda")))) {
          return true;
        }
        if (packet instanceof StartupPacket.NoPacket) {
          return false;
        }
        in.skipBytes(StartupPacket.length(in));
      }
      return false;
    } catch (ProtocolViolation violation) {
      return false;
    }
  }

  private static String answer(List<byte[]> pieces, boolean fromBalancer) {
    UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);
    EmbeddedChannel channel = new EmbeddedChannel();
    channel.config().setAllocator(allocator);
    channel.freezeTime();
    if (fromBalancer) {
      channel.pipeline().addLast(new ProxyHeaderDetector());
    }
    channel.pipeline().addLast(new StartupHandler(RELAY, fromBalancer, null));
    channel.pipeline().fireChannelActive();
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    for (byte[] piece : pieces) {
      if (channel.isOpen()) {
        channel.writeInbound(allocator.buffer(Math.max(1, piece.length)).writeBytes(piece));
        channel.runPendingTasks();
      }
      take(channel, answer);
    }
    channel.finishAndReleaseAll();
    channel.checkException();
    take(channel, answer);
    assertThat(allocator.metric().usedHeapMemory()).as("bytes not released").isZero();
    return answer.toString(StandardCharsets.ISO_8859_1);
  }

  private static void take(EmbeddedChannel channel, ByteArrayOutputStream answer) {
    for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
      answer.writeBytes(ByteBufUtil.getBytes(out));
      out.release();
    }
  }

  /** Says which parameters it got, and sends back what follows. */
  private static final class Reserved implements ReservedDatabase {
    @Override
    public boolean claims(StartupMessage startup) {
      return startup.user().equals("pglambda");
    }

    @Override
    public boolean admits(Channel channel, boolean encrypted, boolean isServer) {
      return true;
    }

    @Override
    public void accept(
        Channel channel, StartupMessage startup, boolean isServer, Runnable admitted) {
      String text = "reserved " + new ArrayList<>(startup.parameters().entrySet());
      channel.writeAndFlush(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
      channel
          .pipeline()
          .addLast(
              new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext ctx, @Nullable Object message) {
                  ctx.writeAndFlush(message);
                }
              });
    }
  }
}
