package dev.pglambda.client.direct;

import static dev.pglambda.client.direct.CallingModes.CALL;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.client.direct.CallingModes.Heard;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.TypeOid;
import dev.pglambda.testing.WireClient;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Parameters, results and portals of calls are as with the extension. */
@ParameterizedClass
@MethodSource("dev.pglambda.client.direct.CallingModes#ofOldestAndNewestVersion")
@Timeout(120)
class DirectPortalTest {

  private static final String FIVE_ROWS =
      "SELECT n, payload FROM aws_lambda.invoke('echo', $1::json), generate_series(1, 5) AS n";

  private final CallingModes modes;

  DirectPortalTest(CallingModes modes) throws Exception {
    this.modes = modes;
    modes.prepareFunctions();
  }

  @Test
  void parametersHaveTheTypesThatTheClientSays() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              String sql = "SELECT payload, $3 AS n FROM aws_lambda.invoke($1, $2)";
              client
                  .parse("s", sql, TypeOid.TEXT, TypeOid.JSON, TypeOid.INT4)
                  .describeStatement("s");
              client.bind("", "s", List.of("echo", "1", "7")).execute("", 0).sync();
              talk.readUntilReady();
              client.parse("t", sql, 0, TypeOid.JSON).describeStatement("t");
              client.bind("", "t", List.of("echo", "2", "x")).execute("", 0).sync();
              talk.readUntilReady();
              client.parse("u", sql, TypeOid.INT4, TypeOid.JSON).describeStatement("u").sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("1tT2DC<I>1tT2DC<I>E<I>");
    assertThat(heard.sqlStates()).containsExactly("42883");
    assertThat(heard.payloads()).containsExactly("1", "2");
  }

  @ParameterizedTest
  @CsvSource({"0, 08P01", "1, 08P01", "3, 08P01"})
  void theNumberOfParametersMustBeRight(int count, String sqlState) throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", CALL).sync();
              talk.readUntilReady();
              client.bind("", "s", List.of("echo", "1", "2").subList(0, count));
              client.execute("", 0).sync();
              talk.readUntilReady();
              client.parse("", CALL).bind("", "", List.of("echo", "1", "2").subList(0, count));
              client.execute("", 0).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("1<I>E<I>1E<I>");
    assertThat(heard.sqlStates()).containsExactly(sqlState, sqlState);
    assertThat(heard.payloads()).isEmpty();
  }

  @Test
  void aBadParameterIsRefusedBeforeAnythingIsAsked() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", CALL).bind("p", "s", List.of("echo", "{")).execute("p", 0).sync();
              talk.readUntilReady();
              client.bindBinary("", "s", List.of(7, 0), List.of("echo".getBytes(UTF_8), bytes(1)));
              client.execute("", 0).sync();
              talk.readUntilReady();
              client.bindBinary("", "s", List.of(1), List.of(bytes(0xff), bytes('1')));
              client.execute("", 0).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("1E<I>E<I>E<I>");
    assertThat(heard.sqlStates()).containsExactly("22P02", "22023", "22021");
    assertThat(heard.payloads()).isEmpty();
  }

  @Test
  void parametersAndResultsAreBinary() throws Exception {
    String sql =
        "SELECT status_code, payload, executed_version, i, $3::int AS n"
            + " FROM aws_lambda.invoke($1::text, $2::jsonb) AS i";
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", sql);
              byte[] jsonb = "\u0001{\"b\": 1, \"a\": 2}".getBytes(UTF_8);
              byte[] seven = ByteBuffer.allocate(4).putInt(7).array();
              client.bindBinary(
                  "", "s", List.of(1, 1, 1), List.of("echo".getBytes(UTF_8), jsonb, seven));
              client.describePortal("").execute("", 0);
              client.bindBinary(
                  "",
                  "s",
                  List.of(0, 1, 0),
                  List.of("echo".getBytes(UTF_8), jsonb, "8".getBytes(UTF_8)));
              client.describePortal("").execute("", 0);
              client.bind("", "s", List.of("echo", "3", "9"), 1).execute("", 0).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("12TDC2TDC2DC<I>");
    assertThat(heard.only(DataRow.class).get(0).values().get(0))
        .isEqualTo(ByteBuffer.allocate(4).putInt(0, 200));
    assertThat(heard.payloads())
        .containsExactly("{\"a\": 2, \"b\": 1}", "{\"a\": 2, \"b\": 1}", "3");
  }

  @Test
  void nullParametersAreNull() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              String sql = "SELECT payload, $4::text AS t FROM aws_lambda.invoke($1, $2::json, $3)";
              client.parse("s", sql);
              client.bind("", "s", Arrays.asList("echo", "1", null, null));
              client.execute("", 0).sync();
              talk.readUntilReady();
              client.bind("", "s", Arrays.asList(null, "2", null, null));
              client.describePortal("").execute("", 0).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("12DC<I>2TE<I>");
    assertThat(heard.sqlStates()).containsExactly("22004");
    assertThat(heard.payloads()).containsExactly("1");
  }

  @Test
  void nothingIsAskedBeforeAPortalIsExecuted() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", CALL).bind("", "s", List.of("echo", "1")).describePortal("").sync();
              talk.readUntilReady();
              client.bind("p", "s", List.of("echo", "2")).closePortal("p").execute("p", 0).sync();
              talk.readUntilReady();
              client.bind("p", "s", List.of("echo", "3")).bind("p", "s", List.of("echo", "4"));
              client.execute("p", 0).sync();
              talk.readUntilReady();
              client.bind("", "s", List.of("echo", "5")).bind("", "s", List.of("echo", "6"));
              client.execute("", 0).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("12T<I>23E<I>2E<I>22DC<I>");
    assertThat(heard.sqlStates()).containsExactly("34000", "42P03");
    assertThat(heard.payloads()).containsExactly("6");
  }

  @Test
  void aPortalIsExecutedInPiecesForOneRequest() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("", FIVE_ROWS).bind("", "", List.of("[1]")).describePortal("");
              client.execute("", 2).flush();
              talk.read(6);
              client.execute("", 2).execute("", 2).execute("", 1).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("12TDDsDDsDCC<I>");
    assertThat(heard.payloads()).containsExactly("[1]");
  }

  @Test
  void portalsTakeTurnsInATransaction() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.query("BEGIN").parse("s", FIVE_ROWS).sync();
              talk.readUntilReady().readUntilReady();
              client.bind("p", "s", List.of("1")).bind("q", "s", List.of("2")).execute("p", 1);
              client.sync();
              talk.readUntilReady();
              client.execute("q", 3).execute("p", 1).sync();
              talk.readUntilReady();
              client.closePortal("q").execute("p", 0).sync();
              talk.readUntilReady();
              client.execute("q", 0).sync();
              talk.readUntilReady();
              client.query("ROLLBACK").execute("p", 0).sync();
              talk.readUntilReady().readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("C<T>1<T>22Ds<T>DDDsDs<T>3DDDC<T>E<E>C<I>E<I>");
    assertThat(heard.sqlStates()).containsExactly("34000", "34000");
    assertThat(heard.payloads()).containsExactly("1", "2");
  }

  @Test
  void aPortalThatIsDoneAsksNothingMore() throws Exception {
    String insert =
        "INSERT INTO kept SELECT 1, payload FROM aws_lambda.invoke('echo', $1::json) RETURNING n";
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", CALL).bind("p", "s", List.of("echo", "1"));
              client.execute("p", 0).execute("p", 0).execute("p", 1).sync();
              talk.readUntilReady();
              client.parse("i", insert).bind("p", "i", List.of("2"));
              client.execute("p", 1).execute("p", 1).execute("p", 0).sync();
              talk.readUntilReady();
              client.parse(
                  "",
                  "CREATE TABLE made AS SELECT payload FROM aws_lambda.invoke('echo', '3'::json)");
              client
                  .bind("", "", List.of())
                  .describePortal("")
                  .execute("", 0)
                  .execute("", 0)
                  .sync();
              talk.readUntilReady();
              client.query("SELECT to_regclass('made') IS NULL AS undone");
              talk.readUntilReady();
            });

    assertThat(heard.types()).startsWith("12DCCC<I>12D");
    assertThat(heard.payloads()).containsExactly("1", "2", "3");
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
