package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.intercept.Rewrite;
import dev.pglambda.intercept.Rewrite.Keys;
import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.intercept.ServerSettings;
import dev.pglambda.testing.Peer;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the server gets around a statement that installs the extension, and the client does not. */
class CallbackKeyDeliveryTest extends RelayStage {
  private static final String OWN = "pglambda_direct";

  private static final List<String> ASK = own("ask");

  private static final List<String> OFFER =
      List.of(
          "C:Pkeys|",
          "P:keys|SELECT $1|||",
          "B:keys|keys||||\1|||\20secret of stored||",
          "C:Skeys|");

  private static final List<String> STORE =
      List.of(
          "P:keys_store|DO 'store'|||",
          "B:keys_store|keys_store|||||||",
          "E:keys_store|||||",
          "C:Skeys_store|",
          "S:");

  private static final byte[] OFFERED =
      concat(message('3', ""), message('1', ""), message('2', ""), message('3', ""));

  private static final byte[] YES = answered("\0\2\0\0\0\1t\0\0\0\6stored");
  private static final byte[] NO = answered("\0\2\0\0\0\1f\u00ff\u00ff\u00ff\u00ff");

  private static final byte[] WANTED = message('N', "SINFO\0VINFO\0CZL001\0Mwants the keys\0\0");
  private static final byte[] TIMEOUT = message('E', "SERROR\0C57014\0Mtimeout\0\0");

  private Peer client;
  private Peer backend;

  /** Messages of the proxy's own for a query without parameters. */
  private static List<String> own(String query) {
    return List.of(
        "C:S" + OWN + "|",
        "P:" + OWN + "|" + query + "|||",
        "B:" + OWN + "|" + OWN + "||\1|||||\1||",
        "E:" + OWN + "|||||",
        "C:P" + OWN + "|",
        "C:S" + OWN + "|");
  }

  /** What the server answers to them. */
  private static byte[] answered(String row) {
    return concat(
        message('3', ""),
        message('1', ""),
        message('2', ""),
        message('D', row),
        message('C', "SELECT 1\0"),
        message('3', ""),
        message('3', ""));
  }

  @BeforeEach
  void begin() throws Exception {
    interceptor =
        new WordInterceptor("install") {
          @Override
          public Rewrite rewrite(String text, ServerSettings settings) {
            return text.startsWith("CALL")
                ? new Rewrite(text, List.of(), Keys.OF_PROCEDURE)
                : new Rewrite(
                    "DO 'x'",
                    List.of(new ReplacedSpan(0, "CREATE EXTENSION", 0, 7, 6)),
                    Keys.OF_STATEMENT);
          }
        };
    client = client(startup("user", "ann"));
    backend = ready(client);
  }

  @Test
  void asksWithoutKeysAndOffersThemBeforeAQueryIfTheRoleMayHaveThem() throws Exception {
    client.send('Q', "install\0");

    backendReads(ASK);
    backendReads(List.of("S:"));
    backend.send(concat(YES, message('Z', "I")));
    backendReads(OFFER);
    backendReads(List.of("Q:DO 'x'|", "S:"));
    backend.send(concat(OFFERED, message('C', "DO\0"), message('Z', "I"), message('Z', "I")));
    clientReads(List.of("C:CREATE EXTENSION|", "Z:I"));
    assertNothingElseIsUnderWay();
  }

  @Test
  void sendsNoKeysIfTheRoleMayNotHaveThem() throws Exception {
    client.send('Q', "install\0");

    backendReads(ASK);
    backendReads(List.of("S:"));
    backend.send(concat(NO, message('Z', "I")));
    backendReads(List.of("Q:DO 'x'|"));
    backend.send(concat(message('C', "DO\0"), message('Z', "I")));
    clientReads(List.of("C:CREATE EXTENSION|", "Z:I"));
    assertNothingElseIsUnderWay();
  }

  @Test
  void givesTheClientTheErrorOfAQuestionThatFails() throws Exception {
    client.send('Q', "install\0");

    backendReads(ASK);
    backendReads(List.of("S:"));
    backend.send(concat(TIMEOUT, message('Z', "I")));
    clientReads(List.of("E:SERROR|C57014|Mtimeout||"));
    // What the error has left is closed before the client is told that the server is ready.
    backendReads(List.of("C:S" + OWN + "|", "S:"));
    backend.send(concat(message('3', ""), message('Z', "I")));
    clientReads(List.of("Z:I"));
    assertNothingElseIsUnderWay();
  }

  @Test
  void givesTheClientTheErrorOfAnOfferThatFails() throws Exception {
    client.send('Q', "install\0");

    backendReads(ASK);
    backendReads(List.of("S:"));
    backend.send(concat(YES, message('Z', "I")));
    backendReads(OFFER);
    backendReads(List.of("Q:DO 'x'|", "S:"));
    // The server skips the Query and answers the Sync.
    backend.send(concat(message('3', ""), TIMEOUT, message('Z', "I")));
    clientReads(List.of("E:SERROR|C57014|Mtimeout||", "Z:I"));
    assertNothingElseIsUnderWay();
  }

  @Test
  void offersTheKeysInAPipelineBeforeTheExecute() throws Exception {
    client
        .send('P', "\0install\0\0\0")
        .send('B', "\0\0\0\0\0\0\0\0")
        .send('E', "\0\0\0\0\0")
        .send('S', "");

    backendReads(ASK);
    backendReads(List.of("S:"));
    backend.send(concat(YES, message('Z', "I")));
    backendReads(List.of("P:|DO 'x'|||", "B:||||||||", "H:"));
    backend.send(concat(message('1', ""), message('2', "")));
    clientReads(List.of("1:", "2:"));
    backendReads(OFFER);
    backendReads(List.of("E:|||||", "S:"));
    backend.send(concat(OFFERED, message('C', "DO\0"), message('Z', "I")));
    clientReads(List.of("C:CREATE EXTENSION|", "Z:I"));
    assertNothingElseIsUnderWay();
  }

  @Test
  void offersTheKeysAtEachExecutionOfAPreparedStatement() throws Exception {
    client.send('P', "s\0install\0\0\0").send('S', "");
    backendReads(ASK);
    backendReads(List.of("S:"));
    backend.send(concat(NO, message('Z', "I")));
    backendReads(List.of("P:s|DO 'x'|||", "S:"));
    backend.send(concat(message('1', ""), message('Z', "I")));
    clientReads(List.of("1:", "Z:I"));

    for (int i = 0; i < 2; i++) {
      client.send('B', "\0s\0\0\0\0\0\0\0").send('E', "\0\0\0\0\0").send('S', "");
      backendReads(ASK);
      backendReads(List.of("S:"));
      backend.send(concat(i == 0 ? NO : YES, message('Z', "I")));
      backendReads(List.of("B:|s|||||||", "H:"));
      backend.send(message('2', ""));
      clientReads(List.of("2:"));
      if (i == 0) { // it may be another role's by now
        backendReads(ASK);
        backendReads(List.of("H:"));
        backend.send(NO);
      } else {
        backendReads(OFFER);
      }
      backendReads(List.of("E:|||||", "S:"));
      if (i == 1) {
        backend.send(OFFERED);
      }
      backend.send(concat(message('C', "DO\0"), message('Z', "I")));
      clientReads(List.of("C:CREATE EXTENSION|", "Z:I"));
    }
  }

  @Test
  void goesOnIfTheQuestionBeforeASeriesFails() throws Exception {
    client.send('P', "s\0install\0\0\0").send('S', "");

    backendReads(ASK);
    backendReads(List.of("S:"));
    backend.send(concat(TIMEOUT, message('Z', "I")));
    backendReads(List.of("P:s|DO 'x'|||", "S:"));
    backend.send(concat(message('1', ""), message('Z', "I")));
    clientReads(List.of("1:"));
    // What the error has left is closed before the client is told that the server is ready.
    backendReads(List.of("C:S" + OWN + "|", "S:"));
    backend.send(concat(message('3', ""), message('Z', "I")));
    clientReads(List.of("Z:I"));
    assertNothingElseIsUnderWay();
  }

  /** The server would not answer it. */
  @Test
  void closesNothingBehindATerminate() throws Exception {
    client.send('P', "s\0install\0\0\0").send('S', "").send('X', "");

    backendReads(ASK);
    backendReads(List.of("S:"));
    backend.send(concat(TIMEOUT, message('Z', "I")));
    backendReads(List.of("P:s|DO 'x'|||", "S:", "X:"));
    backend.send(concat(message('1', ""), message('Z', "I")));
    clientReads(List.of("1:", "Z:I"));
  }

  @Test
  void asksNothingInAFailedTransaction() throws Exception {
    client.send('Q', "fail\0");
    backendReads(List.of("Q:fail|"));
    backend.send(concat(message('E', "SERROR\0\0"), message('Z', "E")));
    clientReads(List.of("E:SERROR||", "Z:E"));

    // It may begin with ROLLBACK.
    client.send('Q', "install\0");

    backendReads(List.of("Q:DO 'x'|"));
  }

  @Test
  void readsATextOnlyWhenTheServerHasAnsweredWhatCameBefore() throws Exception {
    client.send(concat(message('Q', "first\0"), message('Q', "install\0")));

    backendReads(List.of("Q:first|"));
    backend.send(concat(message('C', "A\0"), message('Z', "I")));
    clientReads(List.of("C:A|", "Z:I"));
    backendReads(ASK);
  }

  @Test
  void asksForTheSettingsWithinASeriesOfMessages() throws Exception {
    client
        .send('P', "\0SET\0\0\0")
        .send('B', "\0\0\0\0\0\0\0\0")
        .send('E', "\0\0\0\0\0")
        .send('P', "s\0install\0\0\0")
        .send('S', "");

    backendReads(List.of("P:|SET|||", "B:||||||||", "E:|||||", "H:"));
    backend.send(concat(message('1', ""), message('2', ""), message('C', "SET\0")));
    clientReads(List.of("1:", "2:", "C:SET|"));
    backendReads(own("SHOW client_encoding"));
    backendReads(own("SHOW standard_conforming_strings"));
    backendReads(List.of("H:"));
    backend.send(concat(answered("\0\1\0\0\0\4UTF8"), answered("\0\1\0\0\0\2on")));
    backendReads(List.of("P:s|DO 'x'|||", "S:"));
    backend.send(concat(message('1', ""), message('Z', "I")));
    clientReads(List.of("1:", "Z:I"));
  }

  /** From PostgreSQL 18 on, a Query behind an Execute is a part of the series. */
  @Test
  void endsASeriesInWhichOnlyItselfHasExecutedBeforeAQuery() throws Exception {
    client.send('P', "\0SET\0\0\0").send('P', "s\0install\0\0\0").send('Q', "next\0");

    backendReads(List.of("P:|SET|||", "H:"));
    backend.send(message('1', ""));
    clientReads(List.of("1:"));
    backendReads(own("SHOW client_encoding"));
    backendReads(own("SHOW standard_conforming_strings"));
    backendReads(List.of("H:"));
    backend.send(concat(answered("\0\1\0\0\0\4UTF8"), answered("\0\1\0\0\0\2on")));
    backendReads(List.of("P:s|DO 'x'|||", "H:"));
    backend.send(message('1', ""));
    clientReads(List.of("1:"));
    backendReads(List.of("S:", "Q:next|"));
    backend.send(concat(message('Z', "I"), message('I', ""), message('Z', "I")));
    clientReads(List.of("I:", "Z:I"));
    assertNothingElseIsUnderWay();
  }

  @Test
  void passesWhatTheServerSkips() throws Exception {
    client.send('P', "\0fail\0\0\0").send('P', "s\0install\0\0\0").send('S', "");

    backendReads(List.of("P:|fail|||", "H:"));
    backend.send(message('E', "SERROR\0\0"));
    clientReads(List.of("E:SERROR||"));
    backendReads(List.of("P:s|install|||", "S:"));
    backend.send(message('Z', "I"));
    clientReads(List.of("Z:I"));
    assertNothingElseIsUnderWay();
  }

  @Test
  void offersTheKeysToAProcedureThatMayInstall() throws Exception {
    client.send('Q', "CALL setup()\0");

    backendReads(own("ask for procedure"));
    backendReads(List.of("S:"));
    backend.send(concat(YES, message('Z', "I")));
    backendReads(OFFER);
    backendReads(List.of("Q:CALL setup()|", "S:"));
    backend.send(concat(OFFERED, message('C', "CALL\0"), message('Z', "I"), message('Z', "I")));
    clientReads(List.of("C:CALL|", "Z:I"));
    assertNothingElseIsUnderWay();
  }

  @Test
  void asksOnceWhetherAProcedureMayInstall() throws Exception {
    client.send('P', "\0CALL p()\0\0\0");
    client.send('B', "\0\0\0\0\0\0\0\0").send('E', "\0\0\0\0\0").send('S', "");
    backendReads(own("ask for procedure"));
    backendReads(List.of("S:"));
    backend.send(concat(NO, message('Z', "I")));
    backendReads(List.of("P:|CALL p()|||", "B:||||||||", "E:|||||", "S:"));
    backend.send(
        concat(message('1', ""), message('2', ""), message('C', "CALL\0"), message('Z', "I")));
    clientReads(List.of("1:", "2:", "C:CALL|", "Z:I"));

    client.send('Q', "CALL p()\0");
    backendReads(List.of("Q:CALL p()|"));
  }

  @Test
  void copyInOfTheSameQueryDoesNotDisturbTheOrderOfReplies() throws Exception {
    client.send('Q', "install\0");
    backendReads(ASK);
    backendReads(List.of("S:"));
    backend.send(concat(YES, message('Z', "I")));
    backendReads(OFFER);
    backendReads(List.of("Q:DO 'x'|", "S:"));
    backend.send(concat(OFFERED, message('C', "DO\0"), message('G', "\0\0\0")));
    clientReads(List.of("C:CREATE EXTENSION|", "G:|||"));
    client.send('c', "");
    backendReads(List.of("c:"));
    // The server has ignored the Sync, because it came during the COPY.
    backend.send(concat(message('C', "COPY 0\0"), message('Z', "I")));
    clientReads(List.of("C:COPY 0|", "Z:I"));
    assertNothingElseIsUnderWay();
  }

  @Test
  void hasTheKeysStoredBeforeTheClientIsTold() throws Exception {
    client.send('Q', "SELECT setup()\0");
    backendReads(List.of("Q:SELECT setup()|"));
    backend.send(concat(WANTED, message('C', "SELECT 1\0"), message('Z', "T")));
    clientReads(List.of("C:SELECT 1|"));

    backendReads(ASK);
    backendReads(List.of("S:"));
    backend.send(concat(YES, message('Z', "T")));
    backendReads(OFFER);
    backendReads(STORE);
    backend.send(
        concat(
            OFFERED,
            message('1', ""),
            message('2', ""),
            message('N', "SINFO\0VINFO\0CZL002\0Mfailed\0\0"),
            message('C', "DO\0"),
            message('3', ""),
            message('Z', "T")));
    clientReads(List.of("Z:T"));
    assertNothingElseIsUnderWay();
  }

  @Test
  void holdsWhatTheClientSendsWhileTheKeysAreStored() throws Exception {
    client.send('Q', "SELECT setup()\0");
    backendReads(List.of("Q:SELECT setup()|"));
    backend.send(concat(WANTED, message('C', "SELECT 1\0"), message('Z', "I")));
    clientReads(List.of("C:SELECT 1|"));
    backendReads(ASK);
    backendReads(List.of("S:"));

    client.send('Q', "next\0");
    settle();
    backend.send(concat(YES, message('Z', "I")));

    backendReads(OFFER);
    backendReads(STORE);
    backendReads(List.of("Q:next|"));
  }

  @Test
  void storesNothingForARoleThatMayNotHaveTheKeys() throws Exception {
    client.send('Q', "SELECT setup()\0");
    backendReads(List.of("Q:SELECT setup()|"));
    backend.send(concat(WANTED, message('C', "SELECT 1\0"), message('Z', "I")));
    clientReads(List.of("C:SELECT 1|"));
    backendReads(ASK);
    backendReads(List.of("S:"));
    backend.send(concat(NO, message('Z', "I")));

    backendReads(List.of("S:"));
    backend.send(message('Z', "I"));
    clientReads(List.of("Z:I"));
    assertNothingElseIsUnderWay();
  }

  @Test
  void keepsTheErrorOfItsOwnQuestionFromTheClient() throws Exception {
    client.send('Q', "SELECT setup()\0");
    backendReads(List.of("Q:SELECT setup()|"));
    backend.send(concat(WANTED, message('C', "SELECT 1\0"), message('Z', "I")));
    clientReads(List.of("C:SELECT 1|"));
    backendReads(ASK);
    backendReads(List.of("S:"));

    backend.send(concat(TIMEOUT, message('Z', "I")));

    backendReads(List.of("S:"));
    backend.send(message('Z', "I"));
    clientReads(List.of("Z:I"));
    assertNothingElseIsUnderWay();
  }

  @Test
  void keepsTheErrorOfItsOwnStatementsFromTheClient() throws Exception {
    client.send('Q', "SELECT setup()\0");
    backend.read();
    backend.send(concat(WANTED, message('C', "SELECT 1\0"), message('Z', "I")));
    clientReads(List.of("C:SELECT 1|"));
    backendReads(ASK);
    backendReads(List.of("S:"));
    backend.send(concat(YES, message('Z', "I")));
    backendReads(OFFER);
    backendReads(STORE);

    backend.send(concat(TIMEOUT, message('Z', "I")));

    clientReads(List.of("Z:I"));
    assertNothingElseIsUnderWay();
  }

  @Test
  void storesTheKeysWhenTheClientHasNothingElseUnderWay() throws Exception {
    client.send(concat(message('Q', "first\0"), message('Q', "second\0")));
    backendReads(List.of("Q:first|", "Q:second|"));
    backend.send(concat(WANTED, message('C', "A\0"), message('Z', "I")));
    clientReads(List.of("C:A|", "Z:I"));

    backend.send(concat(message('C', "B\0"), message('Z', "I")));

    clientReads(List.of("C:B|"));
    backendReads(ASK);
  }

  @Test
  void storesNothingInAFailedTransaction() throws Exception {
    client.send('Q', "SELECT setup(); fail\0");
    backend.read();
    backend.send(concat(WANTED, message('E', "SERROR\0\0"), message('Z', "E")));

    clientReads(List.of("E:SERROR||", "Z:E"));
    assertNothingElseIsUnderWay();
  }

  /** One more exchange goes through as it is. */
  private void assertNothingElseIsUnderWay() throws Exception {
    client.send('Q', "next\0");
    backendReads(List.of("Q:next|"));
    backend.send(message('I', ""));
    clientReads(List.of("I:"));
  }

  private void backendReads(List<String> messages) throws Exception {
    for (String message : messages) {
      assertThat(backend.read()).hasToString(message);
    }
  }

  private void clientReads(List<String> messages) throws Exception {
    for (String message : messages) {
      assertThat(client.read()).hasToString(message);
    }
  }
}
