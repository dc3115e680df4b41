package dev.pglambda.callback;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.protocol.BackendMessage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a request tells of where its call comes from: it is never a reason to refuse the call. */
class RequestOriginTest extends RequestStage {
  @BeforeEach
  void sayHello() {
    worker.hello();
  }

  private CallOrigin origin(String fields) {
    worker.send(Worker.query(worker.signed("invoke/1", Fields.call("f", "{}") + fields)));
    assertThat(function.origins).as(() -> worker.received().toString()).hasSize(1);
    function.last().complete(FakeFunction.row("1"));
    return function.origins.get(0);
  }

  private static CallOrigin of(
      @Nullable String database, @Nullable String role, @Nullable String statement) {
    return new CallOrigin(null, database, role, "psql", 4711, statement, Worker.INSTALLATION, null);
  }

  @Test
  void isReadBehindTheArguments() {
    CallOrigin origin =
        origin(Fields.of("shop", "clerk", "psql", "4711", "INSERT INTO \u00e4 VALUES (1)"));

    assertThat(origin).isEqualTo(of("shop", "clerk", "INSERT INTO \u00e4 VALUES (1)"));
  }

  @Test
  void isNotKnownOfEarlierWorkersButForTheInstallation() {
    CallOrigin origin = origin("");

    assertThat(origin)
        .isEqualTo(new CallOrigin(null, null, null, null, null, null, Worker.INSTALLATION, null));
  }

  @Test
  void mayBeNull() {
    assertThat(origin(Fields.of(null, null, "psql", "4711", null))).isEqualTo(of(null, null, null));
  }

  @ParameterizedTest
  @CsvSource({
    "LATIN1, e4a3, \u00e4\u00a3",
    "WIN1251, f2e0e1, \u0442\u0430\u0431",
    "EUC_JP, c9bdbca8, \u8868\u793a",
    "KOI8R, d4c1c2, \u0442\u0430\u0431",
    "MULE_INTERNAL, 81e461, \ufffd\ufffda",
    "UTF8, ff61, \ufffda"
  })
  void isReadInTheDatabasesEncodingAndWhatIsNoTextIsReplaced(
      String encoding, String digits, String text) {
    worker.send(Worker.query("set client_encoding to '" + encoding + "'"));
    worker.received();

    CallOrigin origin = origin("--x4:6131-x" + digits.length() + ":" + digits);

    assertThat(origin.statement()).isEqualTo(text);
    assertThat(origin.applicationName()).isEqualTo("a1");
  }

  @Test
  void hasAStatementOfSoManyBytesAtMost() {
    CallOrigin origin =
        origin(Fields.of(null, null, "n".repeat(2000), "1", "\u00e4".repeat(20_000)));

    assertThat(origin.statement()).isEqualTo("\u00e4".repeat(4 << 10));
    assertThat(origin.applicationName()).hasSize(1000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-1", "1234567890123", "x"})
  void hasNoServerProcessThatIsNoNumber(String process) {
    assertThat(origin(Fields.of(null, null, null, process, null)).serverProcess()).isNull();
  }

  @Test
  void isNoPlaceForMoreThanIsKnown() {
    worker.send(
        Worker.query(
            worker.signed(
                "invoke/1", Fields.call("f", "{}") + Fields.of("d", "r", "a", "1", "s", "more"))));

    assertThat(worker.received())
        .extracting(BackendMessage::name)
        .containsExactly("ErrorResponse", "ReadyForQuery");
    assertThat(function.arguments).isEmpty();
  }
}
