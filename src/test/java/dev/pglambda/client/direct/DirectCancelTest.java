package dev.pglambda.client.direct;

import static dev.pglambda.client.direct.CallingModes.CALL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.client.direct.CallingModes.Heard;
import dev.pglambda.testing.WireClient;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A call ends with its session, and by a cancel request, as with the extension. */
@ParameterizedClass
@MethodSource("dev.pglambda.client.direct.CallingModes#ofOldestAndNewestVersion")
@Timeout(120)
class DirectCancelTest {
  private static final String PATIENT =
      "SET aws_lambda.request_timeout_ms = 60000; SET application_name = 'of the test'";
  private static final String OTHERS =
      "SELECT %s(pid) FROM pg_stat_activity"
          + " WHERE application_name = 'of the test' AND datname = current_database()";

  private final CallingModes modes;

  DirectCancelTest(CallingModes modes) throws Exception {
    this.modes = modes;
    modes.prepareFunctions();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theRequestEndsWithTheSession(boolean orderly) throws Exception {
    modes.hold(
        talk -> {
          WireClient client = talk.client();
          int aborted = talk.lambda().aborted();
          client.parse("", "SET aws_lambda.request_timeout_ms = 60000");
          client.bind("", "", List.of()).execute("", 0).sync();
          talk.readUntilReady();
          client.parse("", CALL).bind("", "", List.of("held", "1")).execute("", 0).sync();
          talk.awaitRequests(1);
          if (orderly) {
            client.terminate().flushOut();
          }
          client.close();
          talk.lambda().awaitAborted(aborted + 1);
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aCancelRequestEndsACall(boolean simple) throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              int aborted = talk.lambda().aborted();
              client.query("SET aws_lambda.request_timeout_ms = 60000").query("BEGIN");
              talk.readUntilReady().readUntilReady();
              if (simple) {
                client.query("SELECT payload FROM aws_lambda.invoke('held', '1'::json)");
              } else {
                client.parse("", CALL).bind("", "", List.of("held", "1")).describePortal("");
                client.execute("", 0).parse("", "SELECT 1").sync();
              }
              talk.awaitRequests(1);
              client.cancel();
              talk.readUntilReady();
              talk.lambda().awaitAborted(aborted + 1);
              client
                  .query("ROLLBACK")
                  .query("SELECT payload FROM aws_lambda.invoke('echo', '2'::json)");
              talk.readUntilReady().readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("C<I>C<T>" + (simple ? "T" : "12T") + "E<E>C<I>TDC<I>");
    assertThat(heard.sqlStates()).containsExactly("57014");
    assertThat(heard.payloads()).containsExactly("1", "2");
  }

  @Test
  void anotherSessionEndsTheSessionOfACall() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              int aborted = talk.lambda().aborted();
              client
                  .query(PATIENT)
                  .query("SELECT payload FROM aws_lambda.invoke('held', '1'::json)");
              talk.readUntilReady();
              talk.awaitRequests(1);
              assertThat(talk.elsewhere(OTHERS.formatted("pg_terminate_backend")))
                  .containsExactly("t");
              talk.readUntilReady();
              talk.lambda().awaitAborted(aborted + 1);
            });

    assertThat(heard.types()).endsWith("<I>TE.");
    assertThat(heard.sqlStates()).containsExactly("57P01");
  }

  /** The server is idle while the proxy calls: docs/compatibility.md. */
  @Test
  void pgCancelBackendDoesNotEndADirectCall() throws Exception {
    Heard heard =
        modes.holdDirectly(
            talk -> {
              WireClient client = talk.client();
              client
                  .query(PATIENT)
                  .query("SELECT payload FROM aws_lambda.invoke('held', '1'::json)");
              talk.readUntilReady();
              talk.awaitRequests(1);
              assertThat(talk.elsewhere(OTHERS.formatted("pg_cancel_backend")))
                  .containsExactly("t");
              talk.lambda().release();
              talk.readUntilReady();
            });

    assertThat(heard.types()).endsWith("<I>TDC<I>");
  }
}
