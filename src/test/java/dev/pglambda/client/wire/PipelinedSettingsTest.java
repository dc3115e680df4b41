package dev.pglambda.client.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.WireClient;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Texts that are sent in one go with what changes how they are read: settings, the end of a failed
 * transaction, the installation itself. Nothing is installed at first; the superuser's calls are
 * served by the proxy.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("versions")
class PipelinedSettingsTest {
  /** A call, if backslashes are ordinary characters; else the call stands in a comment. */
  private static final String CALL_IF_CONFORMING =
      "SELECT '\\'' /*', payload FROM aws_lambda.invoke('echo', '{}'::json) --*/";

  /** The other way round. */
  private static final String CALL_IF_NOT_CONFORMING =
      "SELECT '\\' /* ', payload FROM aws_lambda.invoke('echo', '{}'::json) --*/";

  private static final String CALLED = "[\\' /*, {}]";
  private static final String NOT_CALLED = "[']";

  private static final String CALL =
      "SELECT payload FROM aws_lambda.invoke('echo', '{\"a\": 1}'::json)";

  private final LambdaDatabase database;
  private WireClient client;

  PipelinedSettingsTest(String version) {
    database = LambdaDatabase.withoutExtension(version);
    database.lambda().on("echo", Reply.echo());
  }

  static Stream<String> versions() {
    return PostgresServer.versions().stream();
  }

  @BeforeEach
  void connect() throws Exception {
    client = connection();
  }

  private WireClient connection() throws Exception {
    return WireClient.connect(
        database.proxy().host(),
        database.proxy().port(),
        database.postgres().user(),
        database.name(),
        null);
  }

  @AfterEach
  void close() throws Exception {
    client.close();
    database.close();
    database.postgres().execute("DROP DATABASE " + database.name());
  }

  private FakeLambdaEndpoint lambda() {
    return database.lambda();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SET standard_conforming_strings = off",
        "SET LOCAL standard_conforming_strings = off",
        "SELECT set_config('standard_conforming_strings', 'off', false)",
        "DO $$BEGIN SET standard_conforming_strings = off; END$$",
      })
  void aCommentIsNoCallInTheSeriesThatMakesItOne(String setting) throws Exception {
    client.query("BEGIN");
    outcome();
    execute(setting);
    execute(CALL_IF_CONFORMING);
    client.sync();

    assertThat(outcome()).endsWith("']");
    assertThat(lambda().requests()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SET standard_conforming_strings = off",
        "SET SESSION standard_conforming_strings = off",
        "SELECT set_config('standard_conforming_strings', 'off', false)",
      })
  void aCommentIsNoCallInAQueryBehindTheOneThatMakesItOne(String setting) throws Exception {
    client.query(setting).query(CALL_IF_CONFORMING);
    outcome();

    assertThat(outcome()).isEqualTo(NOT_CALLED);
    assertThat(lambda().requests()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"RESET standard_conforming_strings", "RESET ALL", "DISCARD ALL"})
  void aCommentIsNoCallWhenTheSettingIsTakenBack(String taken) throws Exception {
    client.query("SET standard_conforming_strings = off");
    outcome();
    client.query(taken).query(CALL_IF_NOT_CONFORMING);
    outcome();

    assertThat(outcome()).isEqualTo("[\\]");
    assertThat(lambda().requests()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ROLLBACK", "ROLLBACK TO s", "COMMIT"})
  void aCommentIsNoCallWhenTheTransactionOfTheSettingEnds(String end) throws Exception {
    for (boolean inASeries : List.of(true, false)) {
      client.query("BEGIN; SAVEPOINT s; SET LOCAL standard_conforming_strings = off");
      outcome();
      if (inASeries) {
        execute(end);
        execute(CALL_IF_NOT_CONFORMING);
        client.sync();
      } else {
        client.query(end).query(CALL_IF_NOT_CONFORMING);
        outcome();
      }

      assertThat(outcome()).isEqualTo("[\\]");
      client.query("ROLLBACK");
      outcome();
    }
    assertThat(lambda().requests()).isEmpty();
  }

  @Test
  void aCallIsACallAgain() throws Exception {
    client.query("SET standard_conforming_strings = off");
    outcome();
    execute("SET standard_conforming_strings = on");
    execute(CALL_IF_CONFORMING);
    client.sync();

    assertThat(outcome()).isEqualTo(CALLED);
  }

  @Test
  void readsATextInTheEncodingThatIsSetBeforeIt() throws Exception {
    // In SJIS the two bytes are one character; in single bytes the second escapes the quote.
    String text = "SELECT E'\u0083\\', payload FROM aws_lambda.invoke('echo', '{}'::json) --'";
    for (boolean inASeries : List.of(true, false)) {
      int before = lambda().requests().size();
      if (inASeries) {
        execute("SET client_encoding = SJIS");
        client.raw(MessageWriter.bytes(ISO_8859_1, new Parse("", text, List.of())));
        client.bind("", "", List.of()).execute("", 0).sync();
      } else {
        client
            .query("SET client_encoding = SJIS")
            .raw(MessageWriter.bytes(ISO_8859_1, new Query(text)));
        outcome();
      }
      outcome();

      assertThat(lambda().requests()).hasSize(before + 1);
      client.query("RESET client_encoding");
      outcome();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ROLLBACK", "COMMIT", "ROLLBACK TO s"})
  void aCallBehindTheEndOfAFailedTransactionIsMade(String end) throws Exception {
    client.query("BEGIN");
    outcome();
    client.query("SAVEPOINT s");
    outcome();
    client.query("SELECT 1/0");
    outcome();

    execute(end);
    execute(CALL);
    client.sync();

    assertThat(outcome()).isEqualTo("[{\"a\": 1}]");
    assertThat(lambda().requests()).hasSize(1);
  }

  @Test
  void aCallInTheSeriesThatInstallsIsMade() throws Exception {
    execute("CREATE EXTENSION aws_lambda CASCADE");
    execute(CALL);
    client.sync();

    assertThat(outcome()).isEqualTo("[{\"a\": 1}]");
    client.query("DROP EXTENSION aws_commons CASCADE");
    outcome();
    client.query("SELECT 1").query("CREATE EXTENSION aws_lambda CASCADE").query(CALL);
    outcome();
    outcome();
    assertThat(outcome()).isEqualTo("[{\"a\": 1}]");
  }

  @Test
  void aQueryBehindASeriesWithoutSyncIsCommitted() throws Exception {
    client.parse("s", "SELECT 1").query("CREATE TABLE kept (note text DEFAULT 'aws_lambda')");
    outcome();
    client.query("ROLLBACK");
    outcome();
    client.query("SELECT count(*) FROM kept");

    assertThat(outcome()).isEqualTo("[0]");
  }

  @Test
  void textsWithoutAMentionAreNotHeld() throws Exception {
    client.query("SELECT pg_sleep(0)").parse("", "SELECT 2").bind("", "", List.of());
    client.execute("", 0).sync();
    outcome();

    assertThat(outcome()).isEqualTo("[2]");
  }

  private void execute(String text) throws Exception {
    client.parse("", text).bind("", "", List.of()).execute("", 0);
  }

  private String outcome() throws Exception {
    return outcome(client);
  }

  /** The values of the rows up to ReadyForQuery, or the SQLSTATE of an error. */
  private static String outcome(WireClient client) throws Exception {
    List<String> values = new ArrayList<>();
    for (BackendMessage message = client.read();
        message != null && !(message instanceof ReadyForQuery);
        message = client.read()) {
      if (message instanceof ErrorResponse error) {
        return drained(client, String.valueOf(error.sqlState()));
      }
      if (message instanceof DataRow row) {
        row.texts().forEach(text -> values.add(String.valueOf(text)));
      }
    }
    return values.toString();
  }

  private static String drained(WireClient client, String sqlState) throws Exception {
    for (BackendMessage message = client.read();
        message != null && !(message instanceof ReadyForQuery);
        message = client.read()) {
      // what follows an error
    }
    return sqlState;
  }
}
