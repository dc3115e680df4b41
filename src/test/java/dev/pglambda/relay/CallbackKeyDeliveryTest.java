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

  /** The server is asked whether the role may have the keys, in a series of its own. */
  private void asked(byte[] answer) throws Exception {
    asked("ask", answer);
  }

  private void asked(String question, byte[] answer) throws Exception {
    backendReads(own(question));
    backendReads("S:");
    backend.send(concat(answer, message('Z', "I")));
  }

  /** The same within a series, or a transaction block, of the client's. */
  private void askedWithinASeries(byte[] answer) throws Exception {
    backendReads(ASK);
    backendReads("H:");
    backend.send(answer);
  }

  private void askedForItsSettings() throws Exception {
    backendReads(own("SHOW client_encoding"));
    backendReads(own("SHOW standard_conforming_strings"));
    backendReads("H:");
    backend.send(concat(answered("\0\1\0\0\0\4UTF8"), answered("\0\1\0\0\0\2on")));
  }

  private void beginABlock() throws Exception {
    client.send('Q', "BEGIN\0");
    backendReads("Q:BEGIN|");
    backend.send(concat(message('C', "BEGIN\0"), message('Z', "T")));
    clientReads("C:BEGIN|", "Z:T");
  }

  private void installInAPipeline() throws Exception {
    client
        .send('P', "\0install\0\0\0")
        .send('B', "\0\0\0\0\0\0\0\0")
        .send('E', "\0\0\0\0\0")
        .send('S', "");
  }

  /** A statement says that it wants the keys. */
  private void wantsTheKeys() throws Exception {
    client.send('Q', "SELECT setup()\0");
    backendReads("Q:SELECT setup()|");
    backend.send(concat(WANTED, message('C', "SELECT 1\0"), message('Z', "I")));
    clientReads("C:SELECT 1|");
  }

  /** It does so before the client is told that the server is ready. */
  private void closesWhatTheErrorHasLeft(String transaction) throws Exception {
    backendReads("C:S" + OWN + "|", "S:");
    backend.send(concat(message('3', ""), message('Z', transaction)));
    clientReads("Z:" + transaction);
  }

  @Test
  void asksWithoutKeysAndOffersThemBeforeAQueryIfTheRoleMayHaveThem() throws Exception {
    client.send('Q', "install\0");

    asked(YES);
    backendReads(OFFER);
    backendReads("Q:DO 'x'|", "S:");
    backend.send(concat(OFFERED, message('C', "DO\0"), message('Z', "I"), message('Z', "I")));
    clientReads("C:CREATE EXTENSION|", "Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void sendsNoKeysIfTheRoleMayNotHaveThem() throws Exception {
    client.send('Q', "install\0");

    asked(NO);
    backendReads("Q:DO 'x'|");
    backend.send(concat(message('C', "DO\0"), message('Z', "I")));
    clientReads("C:CREATE EXTENSION|", "Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void givesTheClientTheErrorOfAQuestionThatFails() throws Exception {
    client.send('Q', "install\0");

    asked(TIMEOUT);
    clientReads("E:SERROR|C57014|Mtimeout||");
    closesWhatTheErrorHasLeft("I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void givesTheClientTheErrorOfAnOfferThatFails() throws Exception {
    client.send('Q', "install\0");

    asked(YES);
    backendReads(OFFER);
    backendReads("Q:DO 'x'|", "S:");
    // The server skips the Query and answers the Sync.
    backend.send(concat(message('3', ""), TIMEOUT, message('Z', "I")));
    clientReads("E:SERROR|C57014|Mtimeout||", "Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void offersTheKeysInAPipelineBeforeTheExecute() throws Exception {
    installInAPipeline();

    asked(YES);
    backendReads("P:|DO 'x'|||", "B:||||||||", "H:");
    backend.send(concat(message('1', ""), message('2', "")));
    clientReads("1:", "2:");
    backendReads(OFFER);
    backendReads("E:|||||", "S:");
    backend.send(concat(OFFERED, message('C', "DO\0"), message('Z', "I")));
    clientReads("C:CREATE EXTENSION|", "Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void offersTheKeysAtEachExecutionOfAPreparedStatement() throws Exception {
    client.send('P', "s\0install\0\0\0").send('S', "");
    asked(NO);
    backendReads("P:s|DO 'x'|||", "S:");
    backend.send(concat(message('1', ""), message('Z', "I")));
    clientReads("1:", "Z:I");

    for (int i = 0; i < 2; i++) {
      client.send('B', "\0s\0\0\0\0\0\0\0").send('E', "\0\0\0\0\0").send('S', "");
      asked(i == 0 ? NO : YES);
      backendReads("B:|s|||||||", "H:");
      backend.send(message('2', ""));
      clientReads("2:");
      if (i == 0) { // it may be another role's by now
        askedWithinASeries(NO);
      } else {
        backendReads(OFFER);
      }
      backendReads("E:|||||", "S:");
      if (i == 1) {
        backend.send(OFFERED);
      }
      backend.send(concat(message('C', "DO\0"), message('Z', "I")));
      clientReads("C:CREATE EXTENSION|", "Z:I");
    }
  }

  @Test
  void goesOnIfTheQuestionBeforeASeriesFails() throws Exception {
    client.send('P', "s\0install\0\0\0").send('S', "");

    asked(TIMEOUT);
    backendReads("P:s|DO 'x'|||", "S:");
    backend.send(concat(message('1', ""), message('Z', "I")));
    clientReads("1:");
    closesWhatTheErrorHasLeft("I");
    assertNothingElseIsUnderWay();
  }

  /** Else it would learn of the failed block only from the error of what it sends next. */
  @Test
  void givesTheClientTheErrorOfAQuestionThatFailsItsTransactionBlock() throws Exception {
    beginABlock();

    installInAPipeline();

    askedWithinASeries(TIMEOUT);
    clientReads("E:SERROR|C57014|Mtimeout||");
    // The server skips what follows, up to the client's Sync.
    backendReads("B:||||||||", "E:|||||", "S:");
    backend.send(message('Z', "E"));
    // The client's Parse would have dropped the unnamed statement.
    backendReads("C:S" + OWN + "|", "C:S|", "S:");
    backend.send(concat(message('3', ""), message('3', ""), message('Z', "E")));
    clientReads("Z:E");
    assertNothingElseIsUnderWay();
  }

  @Test
  void asksAndOffersTheKeysWithinATransactionBlock() throws Exception {
    beginABlock();

    installInAPipeline();

    askedWithinASeries(YES);
    backendReads("P:|DO 'x'|||", "B:||||||||", "H:");
    backend.send(concat(message('1', ""), message('2', "")));
    clientReads("1:", "2:");
    backendReads(OFFER);
    backendReads("E:|||||", "S:");
    backend.send(concat(OFFERED, message('C', "DO\0"), message('Z', "T")));
    clientReads("C:CREATE EXTENSION|", "Z:T");
    assertNothingElseIsUnderWay();
  }

  /** The server would not answer it. */
  @Test
  void closesNothingBehindATerminate() throws Exception {
    client.send('P', "s\0install\0\0\0").send('S', "").send('X', "");

    asked(TIMEOUT);
    backendReads("P:s|DO 'x'|||", "S:", "X:");
    backend.send(concat(message('1', ""), message('Z', "I")));
    clientReads("1:", "Z:I");
  }

  @Test
  void asksNothingInAFailedTransaction() throws Exception {
    client.send('Q', "fail\0");
    backendReads("Q:fail|");
    backend.send(concat(message('E', "SERROR\0\0"), message('Z', "E")));
    clientReads("E:SERROR||", "Z:E");

    // It may begin with ROLLBACK.
    client.send('Q', "install\0");

    backendReads("Q:DO 'x'|");
  }

  @Test
  void readsATextOnlyWhenTheServerHasAnsweredWhatCameBefore() throws Exception {
    client.send(concat(message('Q', "first\0"), message('Q', "install\0")));

    backendReads("Q:first|");
    backend.send(concat(message('C', "A\0"), message('Z', "I")));
    clientReads("C:A|", "Z:I");
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

    backendReads("P:|SET|||", "B:||||||||", "E:|||||", "H:");
    backend.send(concat(message('1', ""), message('2', ""), message('C', "SET\0")));
    clientReads("1:", "2:", "C:SET|");
    askedForItsSettings();
    backendReads("P:s|DO 'x'|||", "S:");
    backend.send(concat(message('1', ""), message('Z', "I")));
    clientReads("1:", "Z:I");
  }

  /** From PostgreSQL 18 on, a Query behind an Execute is a part of the series. */
  @Test
  void endsASeriesInWhichOnlyItselfHasExecutedBeforeAQuery() throws Exception {
    client.send('P', "\0SET\0\0\0").send('P', "s\0install\0\0\0").send('Q', "next\0");

    backendReads("P:|SET|||", "H:");
    backend.send(message('1', ""));
    clientReads("1:");
    askedForItsSettings();
    backendReads("P:s|DO 'x'|||", "H:");
    backend.send(message('1', ""));
    clientReads("1:");
    backendReads("S:", "Q:next|");
    backend.send(concat(message('Z', "I"), message('I', ""), message('Z', "I")));
    clientReads("I:", "Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void passesWhatTheServerSkips() throws Exception {
    client.send('P', "\0fail\0\0\0").send('P', "s\0install\0\0\0").send('S', "");

    backendReads("P:|fail|||", "H:");
    backend.send(message('E', "SERROR\0\0"));
    clientReads("E:SERROR||");
    backendReads("P:s|install|||", "S:");
    backend.send(message('Z', "I"));
    clientReads("Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void offersTheKeysToAProcedureThatMayInstall() throws Exception {
    client.send('Q', "CALL setup()\0");

    asked("ask for procedure", YES);
    backendReads(OFFER);
    backendReads("Q:CALL setup()|", "S:");
    backend.send(concat(OFFERED, message('C', "CALL\0"), message('Z', "I"), message('Z', "I")));
    clientReads("C:CALL|", "Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void asksOnceWhetherAProcedureMayInstall() throws Exception {
    client.send('P', "\0CALL p()\0\0\0");
    client.send('B', "\0\0\0\0\0\0\0\0").send('E', "\0\0\0\0\0").send('S', "");
    asked("ask for procedure", NO);
    backendReads("P:|CALL p()|||", "B:||||||||", "E:|||||", "S:");
    backend.send(
        concat(message('1', ""), message('2', ""), message('C', "CALL\0"), message('Z', "I")));
    clientReads("1:", "2:", "C:CALL|", "Z:I");

    client.send('Q', "CALL p()\0");
    backendReads("Q:CALL p()|");
  }

  @Test
  void copyInOfTheSameQueryDoesNotDisturbTheOrderOfReplies() throws Exception {
    client.send('Q', "install\0");
    asked(YES);
    backendReads(OFFER);
    backendReads("Q:DO 'x'|", "S:");
    backend.send(concat(OFFERED, message('C', "DO\0"), message('G', "\0\0\0")));
    clientReads("C:CREATE EXTENSION|", "G:|||");
    client.send('c', "");
    backendReads("c:");
    // The server has ignored the Sync, because it came during the COPY.
    backend.send(concat(message('C', "COPY 0\0"), message('Z', "I")));
    clientReads("C:COPY 0|", "Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void hasTheKeysStoredBeforeTheClientIsTold() throws Exception {
    client.send('Q', "SELECT setup()\0");
    backendReads("Q:SELECT setup()|");
    backend.send(concat(WANTED, message('C', "SELECT 1\0"), message('Z', "T")));
    clientReads("C:SELECT 1|");

    backendReads(ASK);
    backendReads("S:");
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
    clientReads("Z:T");
    assertNothingElseIsUnderWay();
  }

  @Test
  void holdsWhatTheClientSendsWhileTheKeysAreStored() throws Exception {
    wantsTheKeys();
    backendReads(ASK);
    backendReads("S:");

    client.send('Q', "next\0");
    settle();
    backend.send(concat(YES, message('Z', "I")));

    backendReads(OFFER);
    backendReads(STORE);
    backendReads("Q:next|");
  }

  @Test
  void storesNothingForARoleThatMayNotHaveTheKeys() throws Exception {
    wantsTheKeys();
    asked(NO);

    backendReads("S:");
    backend.send(message('Z', "I"));
    clientReads("Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void keepsTheErrorOfItsOwnQuestionFromTheClient() throws Exception {
    wantsTheKeys();
    backendReads(ASK);
    backendReads("S:");

    backend.send(concat(TIMEOUT, message('Z', "I")));

    backendReads("S:");
    backend.send(message('Z', "I"));
    clientReads("Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void keepsTheErrorOfItsOwnStatementsFromTheClient() throws Exception {
    wantsTheKeys();
    asked(YES);
    backendReads(OFFER);
    backendReads(STORE);

    backend.send(concat(TIMEOUT, message('Z', "I")));

    clientReads("Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void storesTheKeysWhenTheClientHasNothingElseUnderWay() throws Exception {
    client.send(concat(message('Q', "first\0"), message('Q', "second\0")));
    backendReads("Q:first|", "Q:second|");
    backend.send(concat(WANTED, message('C', "A\0"), message('Z', "I")));
    clientReads("C:A|", "Z:I");

    backend.send(concat(message('C', "B\0"), message('Z', "I")));

    clientReads("C:B|");
    backendReads(ASK);
  }

  @Test
  void storesNothingInAFailedTransaction() throws Exception {
    client.send('Q', "SELECT setup(); fail\0");
    backend.read();
    backend.send(concat(WANTED, message('E', "SERROR\0\0"), message('Z', "E")));

    clientReads("E:SERROR||", "Z:E");
    assertNothingElseIsUnderWay();
  }

  /** One more exchange goes through as it is. */
  private void assertNothingElseIsUnderWay() throws Exception {
    client.send('Q', "next\0");
    backendReads("Q:next|");
    backend.send(message('I', ""));
    clientReads("I:");
  }

  private void backendReads(List<String> messages) throws Exception {
    backendReads(messages.toArray(String[]::new));
  }

  private void backendReads(String... messages) throws Exception {
    for (String message : messages) {
      assertThat(backend.read()).hasToString(message);
    }
  }

  private void clientReads(String... messages) throws Exception {
    for (String message : messages) {
      assertThat(client.read()).hasToString(message);
    }
  }
}
