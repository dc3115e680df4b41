package dev.pglambda.callback;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.lambda.InvokeArguments.Form;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.limits.MemoryBudget;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The form of a request that asks for what was recorded. */
class RecordedInvocationsTest extends RequestStage {
  private static final CallOrigin SHOP =
      new CallOrigin(null, "shop", null, null, null, null, Worker.INSTALLATION, null);

  @BeforeEach
  void sayHello() {
    worker.hello();
  }

  private void recorded(
      String installation, @Nullable String database, String name, String payload) {
    InvokeArguments arguments =
        new InvokeArguments(
            Form.NAME, name, null, utf8(payload), null, null, null, null, null, null, null);
    CallOrigin origin = new CallOrigin(null, database, null, null, null, null, installation, null);
    InvocationResult result = new InvocationResult(200, utf8(payload), null, null, null);
    journal.begins(arguments, origin).ends(result, new InvokeAnswer.Row(result, null));
  }

  private List<@Nullable String> ask(@Nullable String before) {
    return askFrom("shop", before);
  }

  private List<@Nullable String> askFrom(@Nullable String database, @Nullable String before) {
    return worker.ask(
        worker.signed(
            "invoke/1",
            Fields.of(
                    null,
                    "invocations",
                    before,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null)
                + Fields.of(database, "clerk", "psql", "4711", "SELECT")));
  }

  private static JsonNode page(List<@Nullable String> row) throws Exception {
    assertThat(row.subList(0, 2)).containsExactly("ok", "200");
    return new ObjectMapper().readTree(row.get(2)).get("invocations");
  }

  private static List<String> names(JsonNode page) {
    return page.findValuesAsText("function_name");
  }

  @Test
  void isAnsweredWithTheDatabasesOwnCallsTheLatestFirst() throws Exception {
    recorded(Worker.INSTALLATION, "shop", "first", "{\"a\": 1}");
    recorded(Worker.SECRET.newInstallation(), "shop", "of-another", "\"secret\"");
    recorded(Worker.INSTALLATION, "copy-of-shop", "of-another", "\"secret\"");
    recorded(Worker.INSTALLATION, "shop", "last", "[]");

    List<@Nullable String> row = ask(null);

    assertThat(names(page(row))).containsExactly("last", "first");
    assertThat(page(row).get(1).get("payload").asText()).isEqualTo("{\"a\": 1}");
    assertThat(page(row).get(1).get("id").asLong()).isEqualTo(1);
    assertThat(row.get(2)).doesNotContain("secret");
    assertThat(function.arguments).isEmpty();
  }

  @Test
  void isEmptyForADatabaseWhoseNameIsNotKnown() throws Exception {
    recorded(Worker.INSTALLATION, "shop", "of-another", "1");
    recorded(Worker.INSTALLATION, null, "of-any", "2");

    assertThat(names(page(askFrom(null, null)))).isEmpty();
  }

  @Test
  void goesOnBeforeACall() throws Exception {
    recorded(Worker.INSTALLATION, "shop", "first", "1");
    recorded(Worker.INSTALLATION, "shop", "last", "2");

    assertThat(names(page(ask("2")))).containsExactly("first");
    assertThat(names(page(ask("1")))).isEmpty();
    assertThat(ask(null).get(2)).endsWith("],\"last\":true}");
  }

  @Test
  void endsAPageWhenItIsLong() throws Exception {
    String payload = "\"" + "p".repeat(300_000) + "\"";
    for (int i = 1; i <= 4; i++) {
      recorded(Worker.INSTALLATION, "shop", "f" + i, payload);
    }

    assertThat(names(page(ask(null)))).containsExactly("f4", "f3");
    assertThat(ask(null).get(2)).endsWith("],\"last\":false}");
    assertThat(names(page(ask("3")))).containsExactly("f2", "f1");
  }

  @Test
  void makesNoPageOnTheThreadThatAsks() {
    Queue<Runnable> tasks = new ArrayDeque<>();
    RecordedInvocations recordings = new RecordedInvocations(journal, tasks::add);

    CompletableFuture<InvokeAnswer> page =
        recordings.page(SHOP, null, LinkEncoding.UTF8, MemoryBudget.unlimited().open());

    assertThat(page).isNotDone();
    tasks.remove().run();
    assertThat(page).isCompleted();
  }

  private InvokeAnswer pageWithin(long bytes, LinkEncoding encoding) {
    MemoryAccount account = new MemoryBudget(bytes, bytes).open();
    InvokeAnswer answer =
        new RecordedInvocations(journal, Runnable::run).page(SHOP, null, encoding, account).join();
    assertThat(account.used()).isZero();
    return answer;
  }

  private static JsonNode json(InvokeAnswer answer) throws Exception {
    ByteBuffer payload = ((InvokeAnswer.Row) answer).result().payload();
    return new ObjectMapper().readTree(Objects.requireNonNull(payload).array());
  }

  @Test
  void endsAPageWhereTheMemoryDoes() throws Exception {
    String payload = "\"" + "p".repeat(100_000) + "\"";
    recorded(Worker.INSTALLATION, "shop", "first", payload);
    recorded(Worker.INSTALLATION, "shop", "last", payload);

    JsonNode page = json(pageWithin(1_500_000, LinkEncoding.UTF8));

    assertThat(names(page)).containsExactly("last");
    assertThat(page.at("/invocations/0/payload").asText()).isEqualTo(payload);
    assertThat(page.get("last").asBoolean()).isFalse();
  }

  @Test
  void showsOnlyTheLengthsOfACallThatDoesNotFitIntoMemory() throws Exception {
    recorded(Worker.INSTALLATION, "shop", "f", "\"" + "p".repeat(100_000) + "\"");

    JsonNode page = json(pageWithin(300_000, LinkEncoding.UTF8));

    assertThat(page.at("/invocations/0/payload").isNull()).isTrue();
    assertThat(page.at("/invocations/0/payload_bytes").asInt()).isEqualTo(100_002);
    assertThat(page.get("last").asBoolean()).isTrue();
  }

  @Test
  void isOutOfMemoryIfNoCallFits() {
    recorded(Worker.INSTALLATION, "shop", "f", "1");

    InvokeAnswer answer = pageWithin(1000, LinkEncoding.UTF8);

    assertThat(answer)
        .isInstanceOfSatisfying(
            InvokeAnswer.Failure.class,
            failure -> {
              assertThat(failure.error().sqlState()).isEqualTo("53200");
              assertThat(failure.error().detail()).doesNotContain("function");
            });
  }

  @Test
  void keepsTextsApartWhereACharacterIsWrittenAsABackslash() throws Exception {
    recorded(Worker.INSTALLATION, "shop", "f\u00a5", "\"\u00a51, \u203e \u8868\"");

    JsonNode page = json(pageWithin(1 << 20, Objects.requireNonNull(LinkEncoding.named("EUC_JP"))));

    assertThat(names(page)).containsExactly("f?");
    assertThat(page.at("/invocations/0/payload").asText()).isEqualTo("\"?1, ? \u8868\"");
  }

  @Test
  void isRefusedIfItDoesNotSayBeforeWhichCall() {
    assertRefused(
        worker.signed(
            "invoke/1",
            Fields.of(
                null, "invocations", "x", null, null, null, null, null, null, null, null, null)),
        "08P01",
        "malformed request: number of a call");
  }

  @Test
  void hasNoCharacterThatTheDatabaseCannotHave() throws Exception {
    recorded(Worker.INSTALLATION, "shop", "f", "\"\u00e4 \u20ac \0 \\u20ac\"");
    assertThat(page(ask(null)).get(0).get("response").asText())
        .isEqualTo("\"\u00e4 \u20ac \ufffd \\u20ac\"");
    worker.send(Worker.query("set client_encoding to 'LATIN1'"));
    worker.received();

    String digits = String.valueOf(ask(null).get(2)).substring(2);
    String json = new String(HexFormat.of().parseHex(digits), StandardCharsets.UTF_8);

    assertThat(new ObjectMapper().readTree(json).at("/invocations/0/response").asText())
        .isEqualTo("\"\u00e4 ? ? \\u20ac\"");
  }
}
