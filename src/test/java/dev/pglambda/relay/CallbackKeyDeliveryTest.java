package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.error;
import static dev.pglambda.testing.Peer.message;

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
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the server gets around a statement that installs the extension, and the client does not. */
class CallbackKeyDeliveryTest extends KeyDeliveryStage {
  @Test
  void asksWithoutKeysAndOffersThemBeforeAQueryIfTheRoleMayHaveThem() throws Exception {
    client.send(new Query("install"));

    asked(YES);
    backendReads(OFFER);
    backendReads("Q:DO 'x'|", "S:");
    offered(new CommandComplete("DO"), new ReadyForQuery('I'), new ReadyForQuery('I'));
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
    offered(new CommandComplete("DO"), new ReadyForQuery('I'));
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
    offered(new CommandComplete("DO"), new ReadyForQuery('T'));
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
    offered(new CommandComplete("CALL"), new ReadyForQuery('I'), new ReadyForQuery('I'));
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
    offered(new CommandComplete("DO"), new CopyInResponse(0, List.of()));
    clientReads("C:CREATE EXTENSION|", "G:|||");
    client.send(new FrontendMessage.CopyDone());
    backendReads("c:");
    // The server has ignored the Sync, because it came during the COPY.
    backend.send(new CommandComplete("COPY 0"), new ReadyForQuery('I'));
    clientReads("C:COPY 0|", "Z:I");
    assertNothingElseIsUnderWay();
  }
}
