package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.error;
import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.notice;

import dev.pglambda.protocol.BackendMessage.BindComplete;
import dev.pglambda.protocol.BackendMessage.CloseComplete;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.ParseComplete;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage.Query;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the server gets after a statement that has asked for the keys. */
class CallbackKeyStoreTest extends KeyDeliveryStage {
  private static final List<String> STORE =
      List.of(
          "P:keys_store|DO 'store'|||",
          "B:keys_store|keys_store|||||||",
          "E:keys_store|||||",
          "C:Skeys_store|",
          "S:");

  private static final byte[] WANTED =
      message(notice("SINFO", "VINFO", "CZL001", "Mwants the keys"));

  /** A statement says that it wants the keys. */
  private void wantsTheKeys() throws Exception {
    client.send(new Query("SELECT setup()"));
    backendReads("Q:SELECT setup()|");
    backend.send(concat(WANTED, message(new CommandComplete("SELECT 1"), new ReadyForQuery('I'))));
    clientReads("C:SELECT 1|");
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
    offered(
        new ParseComplete(),
        new BindComplete(),
        notice("SINFO", "VINFO", "CZL002", "Mfailed"),
        new CommandComplete("DO"),
        new CloseComplete(),
        new ReadyForQuery('T'));
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
}
