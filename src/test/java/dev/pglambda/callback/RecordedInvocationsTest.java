package dev.pglambda.callback;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.lambda.InvokeArguments.Form;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The form of a request that asks for what was recorded. */
class RecordedInvocationsTest extends RequestStage {
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
  }

  @Test
  void endsAPageWhenItIsLong() throws Exception {
    String payload = "\"" + "p".repeat(300_000) + "\"";
    for (int i = 1; i <= 4; i++) {
      recorded(Worker.INSTALLATION, "shop", "f" + i, payload);
    }

    assertThat(names(page(ask(null)))).containsExactly("f4", "f3");
    assertThat(names(page(ask("3")))).containsExactly("f2", "f1");
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
