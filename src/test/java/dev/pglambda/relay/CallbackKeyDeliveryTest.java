package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.error;
import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.notice;
import static dev.pglambda.testing.Peer.row;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.intercept.Rewrite;
import dev.pglambda.intercept.Rewrite.Keys;
import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.intercept.ServerSettings;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.BindComplete;
import dev.pglambda.protocol.BackendMessage.CloseComplete;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.CopyInResponse;
import dev.pglambda.protocol.BackendMessage.EmptyQueryResponse;
import dev.pglambda.protocol.BackendMessage.ParseComplete;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.protocol.FrontendMessage.Terminate;
import dev.pglambda.testing.Peer;
import java.util.List;
import org.jspecify.annotations.Nullable;
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
      message(new CloseComplete(), new ParseComplete(), new BindComplete(), new CloseComplete());

  private static final byte[] YES = answered("t", "stored");
  private static final byte[] NO = answered("f", null);

  private static final byte[] WANTED =
      message(notice("SINFO", "VINFO", "CZL001", "Mwants the keys"));
  private static final byte[] TIMEOUT = message(error("SERROR", "C57014", "Mtimeout"));

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
  private static byte[] answered(@Nullable String... row) {
    return concat(
        message(new CloseComplete(), new ParseComplete(), new BindComplete()),
        message(row(row)),
        message(new CommandComplete("SELECT 1"), new CloseComplete(), new CloseComplete()));
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
    backend.send(concat(answer, message(new ReadyForQuery('I'))));
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
    backend.send(concat(answered("UTF8"), answered("on")));
  }

  private void beginABlock() throws Exception {
    client.send(new Query("BEGIN"));
    backendReads("Q:BEGIN|");
    backend.send(new CommandComplete("BEGIN"), new ReadyForQuery('T'));
    clientReads("C:BEGIN|", "Z:T");
  }

  private void installInAPipeline() throws Exception {
    client
        .send(new Parse("", "install", List.of()))
        .send(Bind.EMPTY)
        .send(new Execute("", 0))
        .send(new Sync());
  }

  /** A statement says that it wants the keys. */
  private void wantsTheKeys() throws Exception {
    client.send(new Query("SELECT setup()"));
    backendReads("Q:SELECT setup()|");
    backend.send(concat(WANTED, message(new CommandComplete("SELECT 1"), new ReadyForQuery('I'))));
    clientReads("C:SELECT 1|");
  }

  /** It does so before the client is told that the server is ready. */
  private void closesWhatTheErrorHasLeft(String transaction) throws Exception {
    backendReads("C:S" + OWN + "|", "S:");
    backend.send(
        concat(message(new CloseComplete()), message(BackendMessage.READY_FOR_QUERY, transaction)));
    clientReads("Z:" + transaction);
  }

  @Test
  void asksWithoutKeysAndOffersThemBeforeAQueryIfTheRoleMayHaveThem() throws Exception {
    client.send(new Query("install"));

    asked(YES);
    backendReads(OFFER);
    backendReads("Q:DO 'x'|", "S:");
    backend.send(
        concat(
            OFFERED,
            message(new CommandComplete("DO"), new ReadyForQuery('I'), new ReadyForQuery('I'))));
    clientReads("C:CREATE EXTENSION|", "Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void sendsNoKeysIfTheRoleMayNotHaveThem() throws Exception {
    client.send(new Query("install"));

    asked(NO);
    backendReads("Q:DO 'x'|");
    backend.send(new CommandComplete("DO"), new ReadyForQuery('I'));
    clientReads("C:CREATE EXTENSION|", "Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void givesTheClientTheErrorOfAQuestionThatFails() throws Exception {
    client.send(new Query("install"));

    asked(TIMEOUT);
    clientReads("E:SERROR|C57014|Mtimeout||");
    closesWhatTheErrorHasLeft("I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void givesTheClientTheErrorOfAnOfferThatFails() throws Exception {
    client.send(new Query("install"));

    asked(YES);
    backendReads(OFFER);
    backendReads("Q:DO 'x'|", "S:");
    // The server skips the Query and answers the Sync.
    backend.send(concat(message(new CloseComplete()), TIMEOUT, message(new ReadyForQuery('I'))));
    clientReads("E:SERROR|C57014|Mtimeout||", "Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void offersTheKeysInAPipelineBeforeTheExecute() throws Exception {
    installInAPipeline();

    asked(YES);
    backendReads("P:|DO 'x'|||", "B:||||||||", "H:");
    backend.send(new ParseComplete(), new BindComplete());
    clientReads("1:", "2:");
    backendReads(OFFER);
    backendReads("E:|||||", "S:");
    backend.send(concat(OFFERED, message(new CommandComplete("DO"), new ReadyForQuery('I'))));
    clientReads("C:CREATE EXTENSION|", "Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void offersTheKeysAtEachExecutionOfAPreparedStatement() throws Exception {
    client.send(new Parse("s", "install", List.of())).send(new Sync());
    asked(NO);
    backendReads("P:s|DO 'x'|||", "S:");
    backend.send(new ParseComplete(), new ReadyForQuery('I'));
    clientReads("1:", "Z:I");

    for (int i = 0; i < 2; i++) {
      client
          .send(new Bind("", "s", List.of(), List.of(), List.of()))
          .send(new Execute("", 0))
          .send(new Sync());
      asked(i == 0 ? NO : YES);
      backendReads("B:|s|||||||", "H:");
      backend.send(new BindComplete());
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
      backend.send(new CommandComplete("DO"), new ReadyForQuery('I'));
      clientReads("C:CREATE EXTENSION|", "Z:I");
    }
  }

  @Test
  void goesOnIfTheQuestionBeforeASeriesFails() throws Exception {
    client.send(new Parse("s", "install", List.of())).send(new Sync());

    asked(TIMEOUT);
    backendReads("P:s|DO 'x'|||", "S:");
    backend.send(new ParseComplete(), new ReadyForQuery('I'));
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
    backend.send(new ReadyForQuery('E'));
    // The client's Parse would have dropped the unnamed statement.
    backendReads("C:S" + OWN + "|", "C:S|", "S:");
    backend.send(new CloseComplete(), new CloseComplete(), new ReadyForQuery('E'));
    clientReads("Z:E");
    assertNothingElseIsUnderWay();
  }

  @Test
  void asksAndOffersTheKeysWithinATransactionBlock() throws Exception {
    beginABlock();

    installInAPipeline();

    askedWithinASeries(YES);
    backendReads("P:|DO 'x'|||", "B:||||||||", "H:");
    backend.send(new ParseComplete(), new BindComplete());
    clientReads("1:", "2:");
    backendReads(OFFER);
    backendReads("E:|||||", "S:");
    backend.send(concat(OFFERED, message(new CommandComplete("DO"), new ReadyForQuery('T'))));
    clientReads("C:CREATE EXTENSION|", "Z:T");
    assertNothingElseIsUnderWay();
  }

  /** The server would not answer it. */
  @Test
  void closesNothingBehindATerminate() throws Exception {
    client.send(new Parse("s", "install", List.of())).send(new Sync()).send(new Terminate());

    asked(TIMEOUT);
    backendReads("P:s|DO 'x'|||", "S:", "X:");
    backend.send(new ParseComplete(), new ReadyForQuery('I'));
    clientReads("1:", "Z:I");
  }

  @Test
  void asksNothingInAFailedTransaction() throws Exception {
    client.send(new Query("fail"));
    backendReads("Q:fail|");
    backend.send(error("SERROR"), new ReadyForQuery('E'));
    clientReads("E:SERROR||", "Z:E");

    // It may begin with ROLLBACK.
    client.send(new Query("install"));

    backendReads("Q:DO 'x'|");
  }

  @Test
  void readsATextOnlyWhenTheServerHasAnsweredWhatCameBefore() throws Exception {
    client.send(new Query("first"), new Query("install"));

    backendReads("Q:first|");
    backend.send(new CommandComplete("A"), new ReadyForQuery('I'));
    clientReads("C:A|", "Z:I");
    backendReads(ASK);
  }

  @Test
  void asksForTheSettingsWithinASeriesOfMessages() throws Exception {
    client
        .send(new Parse("", "SET", List.of()))
        .send(Bind.EMPTY)
        .send(new Execute("", 0))
        .send(new Parse("s", "install", List.of()))
        .send(new Sync());

    backendReads("P:|SET|||", "B:||||||||", "E:|||||", "H:");
    backend.send(new ParseComplete(), new BindComplete(), new CommandComplete("SET"));
    clientReads("1:", "2:", "C:SET|");
    askedForItsSettings();
    backendReads("P:s|DO 'x'|||", "S:");
    backend.send(new ParseComplete(), new ReadyForQuery('I'));
    clientReads("1:", "Z:I");
  }

  /** From PostgreSQL 18 on, a Query behind an Execute is a part of the series. */
  @Test
  void endsASeriesInWhichOnlyItselfHasExecutedBeforeAQuery() throws Exception {
    client
        .send(new Parse("", "SET", List.of()))
        .send(new Parse("s", "install", List.of()))
        .send(new Query("next"));

    backendReads("P:|SET|||", "H:");
    backend.send(new ParseComplete());
    clientReads("1:");
    askedForItsSettings();
    backendReads("P:s|DO 'x'|||", "H:");
    backend.send(new ParseComplete());
    clientReads("1:");
    backendReads("S:", "Q:next|");
    backend.send(new ReadyForQuery('I'), new EmptyQueryResponse(), new ReadyForQuery('I'));
    clientReads("I:", "Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void passesWhatTheServerSkips() throws Exception {
    client
        .send(new Parse("", "fail", List.of()))
        .send(new Parse("s", "install", List.of()))
        .send(new Sync());

    backendReads("P:|fail|||", "H:");
    backend.send(error("SERROR"));
    clientReads("E:SERROR||");
    backendReads("P:s|install|||", "S:");
    backend.send(new ReadyForQuery('I'));
    clientReads("Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void offersTheKeysToAProcedureThatMayInstall() throws Exception {
    client.send(new Query("CALL setup()"));

    asked("ask for procedure", YES);
    backendReads(OFFER);
    backendReads("Q:CALL setup()|", "S:");
    backend.send(
        concat(
            OFFERED,
            message(new CommandComplete("CALL"), new ReadyForQuery('I'), new ReadyForQuery('I'))));
    clientReads("C:CALL|", "Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void asksOnceWhetherAProcedureMayInstall() throws Exception {
    client.send(new Parse("", "CALL p()", List.of()));
    client.send(Bind.EMPTY).send(new Execute("", 0)).send(new Sync());
    asked("ask for procedure", NO);
    backendReads("P:|CALL p()|||", "B:||||||||", "E:|||||", "S:");
    backend.send(
        new ParseComplete(),
        new BindComplete(),
        new CommandComplete("CALL"),
        new ReadyForQuery('I'));
    clientReads("1:", "2:", "C:CALL|", "Z:I");

    client.send(new Query("CALL p()"));
    backendReads("Q:CALL p()|");
  }

  @Test
  void copyInOfTheSameQueryDoesNotDisturbTheOrderOfReplies() throws Exception {
    client.send(new Query("install"));
    asked(YES);
    backendReads(OFFER);
    backendReads("Q:DO 'x'|", "S:");
    backend.send(
        concat(OFFERED, message(new CommandComplete("DO"), new CopyInResponse(0, List.of()))));
    clientReads("C:CREATE EXTENSION|", "G:|||");
    client.send(new FrontendMessage.CopyDone());
    backendReads("c:");
    // The server has ignored the Sync, because it came during the COPY.
    backend.send(new CommandComplete("COPY 0"), new ReadyForQuery('I'));
    clientReads("C:COPY 0|", "Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void hasTheKeysStoredBeforeTheClientIsTold() throws Exception {
    client.send(new Query("SELECT setup()"));
    backendReads("Q:SELECT setup()|");
    backend.send(concat(WANTED, message(new CommandComplete("SELECT 1"), new ReadyForQuery('T'))));
    clientReads("C:SELECT 1|");

    backendReads(ASK);
    backendReads("S:");
    backend.send(concat(YES, message(new ReadyForQuery('T'))));
    backendReads(OFFER);
    backendReads(STORE);
    backend.send(
        concat(
            OFFERED,
            message(
                new ParseComplete(),
                new BindComplete(),
                notice("SINFO", "VINFO", "CZL002", "Mfailed"),
                new CommandComplete("DO"),
                new CloseComplete(),
                new ReadyForQuery('T'))));
    clientReads("Z:T");
    assertNothingElseIsUnderWay();
  }

  @Test
  void holdsWhatTheClientSendsWhileTheKeysAreStored() throws Exception {
    wantsTheKeys();
    backendReads(ASK);
    backendReads("S:");

    client.send(new Query("next"));
    settle();
    backend.send(concat(YES, message(new ReadyForQuery('I'))));

    backendReads(OFFER);
    backendReads(STORE);
    backendReads("Q:next|");
  }

  @Test
  void storesNothingForARoleThatMayNotHaveTheKeys() throws Exception {
    wantsTheKeys();
    asked(NO);

    backendReads("S:");
    backend.send(new ReadyForQuery('I'));
    clientReads("Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void keepsTheErrorOfItsOwnQuestionFromTheClient() throws Exception {
    wantsTheKeys();
    backendReads(ASK);
    backendReads("S:");

    backend.send(concat(TIMEOUT, message(new ReadyForQuery('I'))));

    backendReads("S:");
    backend.send(new ReadyForQuery('I'));
    clientReads("Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void keepsTheErrorOfItsOwnStatementsFromTheClient() throws Exception {
    wantsTheKeys();
    asked(YES);
    backendReads(OFFER);
    backendReads(STORE);

    backend.send(concat(TIMEOUT, message(new ReadyForQuery('I'))));

    clientReads("Z:I");
    assertNothingElseIsUnderWay();
  }

  @Test
  void storesTheKeysWhenTheClientHasNothingElseUnderWay() throws Exception {
    client.send(new Query("first"), new Query("second"));
    backendReads("Q:first|", "Q:second|");
    backend.send(concat(WANTED, message(new CommandComplete("A"), new ReadyForQuery('I'))));
    clientReads("C:A|", "Z:I");

    backend.send(new CommandComplete("B"), new ReadyForQuery('I'));

    clientReads("C:B|");
    backendReads(ASK);
  }

  @Test
  void storesNothingInAFailedTransaction() throws Exception {
    client.send(new Query("SELECT setup(); fail"));
    backend.read();
    backend.send(concat(WANTED, message(error("SERROR"), new ReadyForQuery('E'))));

    clientReads("E:SERROR||", "Z:E");
    assertNothingElseIsUnderWay();
  }

  /** One more exchange goes through as it is. */
  private void assertNothingElseIsUnderWay() throws Exception {
    client.send(new Query("next"));
    backendReads("Q:next|");
    backend.send(new EmptyQueryResponse());
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
