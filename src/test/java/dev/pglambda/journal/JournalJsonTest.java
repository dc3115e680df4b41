package dev.pglambda.journal;

import static dev.pglambda.journal.JournalStage.begin;
import static dev.pglambda.journal.JournalStage.bytes;
import static dev.pglambda.journal.JournalStage.journal;
import static dev.pglambda.journal.JournalStage.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeAnswer;
import io.netty.util.NetUtil;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class JournalJsonTest {
  private final Journal journal = journal(1 << 20);

  private JsonNode only() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    List<JournalEntry> all = journal.find(JournalFilter.ALL, 2);
    JournalJson.write(all, out);
    JsonNode array = new ObjectMapper().readTree(out.toByteArray()).get("invocations");
    assertThat(array).hasSize(1);
    return array.get(0);
  }

  @Test
  void hasPayloadsAsTheyAre() throws Exception {
    String payload = "{\"a\" : \"\\u0000 ä \uD83D\uDE00\",\n \"n\": 1.50}";
    succeed(begin(journal, "f", payload), "[1,  2]");

    assertThat(only().get("payload").textValue()).isEqualTo(payload);
    assertThat(only().get("payload_bytes").intValue()).isEqualTo(bytes(payload).remaining());
    assertThat(only().get("response").textValue()).isEqualTo("[1,  2]");
    assertThat(only().get("outcome").textValue()).isEqualTo("ok");
    assertThat(only().get("started_at").textValue()).isEqualTo("2026-01-02T12:00:00Z");
  }

  @Test
  void hasReplacementsForWhatIsNoText() throws Exception {
    CallOrigin cut = CallOrigin.UNKNOWN.withStatement("SELECT '\uD83D .. \uDE00'");
    ByteBuffer latin1 = ByteBuffer.wrap(new byte[] {'"', (byte) 0xe4, '"'});
    var call = begin(journal, "f\uD83D", latin1, cut);
    InvocationResult result =
        new InvocationResult(
            200, ByteBuffer.wrap(new byte[] {(byte) 0xff}), "1", "no base64!", null);
    call.ends(result, new InvokeAnswer.Row(result, null));

    assertThat(only().get("function_name").textValue()).isEqualTo("f?");
    assertThat(only().get("statement").textValue()).isEqualTo("SELECT '? .. ?'");
    assertThat(only().get("payload").textValue()).isEqualTo("\"\uFFFD\"");
    assertThat(only().get("response").textValue()).isEqualTo("\uFFFD");
    assertThat(only().get("log").textValue()).isEqualTo("no base64!");
  }

  @Test
  void hasTheClientsAddressAsPeopleWriteIt() throws Exception {
    begin(
        journal, "f", bytes("{}"), CallOrigin.of(new InetSocketAddress(NetUtil.LOCALHOST4, 5000)));

    assertThat(only().get("client").textValue()).isEqualTo("127.0.0.1:5000");
  }
}
