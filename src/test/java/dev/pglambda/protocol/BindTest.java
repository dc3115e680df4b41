package dev.pglambda.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.testing.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BindTest {
  private static final String NULL = "\u00ff\u00ff\u00ff\u00ff";

  /** Portal p, statement s; text and binary, {@code ab} and NULL; results in binary format. */
  private static final String TWO =
      "p\0s\0" + "\0\2\0\0\0\1" + "\0\2\0\0\0\2ab" + NULL + "\0\1\0\1";

  @Test
  void readsNamesAndTheNumberOfParameters() {
    Bind bind = requireNonNull(read(TWO));

    assertThat(bind.portal()).isEqualTo("p");
    assertThat(bind.statement()).isEqualTo("s");
    assertThat(bind.parameters().size()).isEqualTo(2);
  }

  @Test
  void readsNamesByteByByte() {
    Bind bind = requireNonNull(read("\u00e9\u0080\0\u00ff\0\0\0\0\0\0\0"));

    assertThat(bind.portal()).isEqualTo("\u00e9\u0080");
    assertThat(bind.statement()).isEqualTo("\u00ff");
  }

  /** Formats are none (text), one for all, or one for each. */
  @ParameterizedTest
  @CsvSource({"'0000', '0000 0000'", "'0001 0001', '0001 0001'", "'0002 0001 0000', '0001 0000'"})
  void writesTheFormatOfEachParameter(String formats, String each) {
    String values = "\0\2\0\0\0\1x\0\0\0\0";

    String written = write(read("\0\0" + bytes(formats) + values + "\0\0"), List.of(), false);

    assertThat(written).isEqualTo("P\0S\0\0\2" + bytes(each) + values + "\0\0");
  }

  @Test
  void addsParametersInBinaryFormatBehindTheClients() {
    List<byte @Nullable []> more = Arrays.asList(new byte[] {7}, null);

    assertThat(write(read(TWO), more, false))
        .isEqualTo(
            "P\0S\0"
                + "\0\4\0\0\0\1\0\1\0\1"
                + "\0\4\0\0\0\2ab"
                + NULL
                + "\0\0\0\1\7"
                + NULL
                + "\0\1\0\1");
  }

  @Test
  void asksForBinaryResultsWhateverTheClientAsksFor() {
    String client = "\0\0\0\0\0\0\0\3\0\0\0\1\0\0";

    assertThat(write(read(client), List.of(), false)).isEqualTo("P\0S\0\0\0\0\0\0\3\0\0\0\1\0\0");
    assertThat(write(read(client), List.of(), true)).isEqualTo("P\0S\0\0\0\0\0\0\1\0\1");
  }

  @Test
  void hasOneWithoutParameters() {
    assertThat(Bind.EMPTY.portal()).isEmpty();
    assertThat(Bind.EMPTY.statement()).isEmpty();
    assertThat(Bind.EMPTY.parameters()).isEmpty();
    assertThat(write(Bind.EMPTY, List.of(new byte[] {7}), false))
        .isEqualTo("P\0S\0\0\1\0\1\0\1\0\0\0\1\7\0\0");
  }

  @Test
  void takesAsManyParametersAsThereCanBe() {
    int count = 65_535;
    String bind = "\0\0\0\0" + "\u00ff\u00ff" + NULL.repeat(count) + "\0\0";

    assertThat(requireNonNull(read(bind)).parameters().size()).isEqualTo(count);
  }

  @Test
  void refusesAMessageThatIsCutAnywhere() {
    for (int length = 0; length < TWO.length(); length++) {
      assertThat(read(TWO.substring(0, length))).as("%d bytes", length).isNull();
    }
    assertThat(read(TWO + "\0")).as("more than there is to read").isNull();
  }

  /** PostgreSQL says of these what is wrong with them (postgres.c, exec_bind_message). */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0000 0002 0000 0001 0001 00000000 0000", // 2 formats, 1 parameter
        "0000 0003 0000 0000 0000 0002 00000000 00000000 0000",
        "0000 0002 0000 0001 0000 0000",
        "0000 0000 0001 7fffffff 0000", // the value is longer than the message
        "0000 0000 0002 00000000 0000",
        "0000 ffff 0000 0000"
      })
  void refusesWhatDoesNotFit(String hex) {
    assertThat(read(bytes(hex))).isNull();
  }

  @Test
  void readsWhatIsRandomOrRefusesIt() {
    Random random = new Random(1);
    int read = 0;
    for (int i = 0; i < 200_000; i++) {
      byte[] bytes = new byte[random.nextInt(24)];
      for (int at = 0; at < bytes.length; at++) {
        int few = random.nextInt(4) == 0 ? random.nextInt(4) : 0;
        bytes[at] = (byte) (random.nextInt(20) == 0 ? random.nextInt(256) : few);
      }
      Bind bind = read(new String(bytes, ISO_8859_1));
      if (bind != null) {
        read++;
        String again = write(bind, List.of(), false);
        assertThat(requireNonNull(read(again)).parameters()).isEqualTo(bind.parameters());
        assertThat(write(read(again), List.of(), false)).isEqualTo(again);
      }
    }
    assertThat(read).as("messages that could be read").isGreaterThan(100);
  }

  private static @Nullable Bind read(String body) {
    // Stands between others, as in a read buffer.
    byte[] bind = Peer.message(FrontendMessage.BIND, body);
    ByteBuf buffer = Unpooled.buffer().writeZero(3).writeBytes(bind).writeZero(3);
    return (Bind) FrontendMessage.read(buffer, 3, bind.length);
  }

  private static String write(
      @Nullable Bind bind, List<byte @Nullable []> more, boolean binaryResults) {
    List<@Nullable ByteBuffer> values = DataRow.ofBytes(more).values();
    Bind with = requireNonNull(bind).with("P", "S", values, binaryResults);
    byte[] body = Messages.body(Messages.written(with));
    assertThat(with.bytes()).isEqualTo(body.length);
    return new String(body, ISO_8859_1);
  }

  private static String bytes(String hex) {
    return new String(HexFormat.of().parseHex(hex.replace(" ", "")), ISO_8859_1);
  }
}
