package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.intercept.Rewrite;
import dev.pglambda.intercept.Rewrite.RewrittenStatement;
import dev.pglambda.testing.Peer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the server gets around a statement that installs the extension, and the client does not. */
class KeyOfferTest extends RelayStage {
  private static final List<String> OFFER =
      List.of("C:Pkeys|", "P:keys|SELECT $1|||", "B:keys|keys||||\1|||\6secret||", "C:Skeys|");

  private static final byte[] OFFERED =
      concat(message('3', ""), message('1', ""), message('2', ""), message('3', ""));

  private static final byte[] WANTED = message('N', "SINFO\0VINFO\0CZL001\0Mwants the keys\0\0");

  private Peer client;
  private Peer backend;

  @BeforeEach
  void begin() throws Exception {
    interceptor =
        (buffer, index, length, types, settings) -> {
          String text = buffer.toString(index, length, StandardCharsets.ISO_8859_1);
          return text.equals("install")
              ? new Rewrite(
                  "DO 'x'", List.of(new RewrittenStatement(0, "CREATE EXTENSION", 0, 7, 6)), true)
              : null;
        };
    client = client(startup("user", "ann"));
    backend = ready(client);
  }

  @Test
  void offersTheKeysBeforeAQueryAndKeepsTheRepliesToItself() throws Exception {
    client.send('Q', "install\0");

    backendReads(OFFER);
    backendReads(List.of("Q:DO 'x'|", "S:"));
    backend.send(concat(OFFERED, message('C', "DO\0"), message('Z', "I"), message('Z', "I")));
    clientReads(List.of("C:CREATE EXTENSION|", "Z:I"));
    assertNothingElseIsUnderWay();
  }

  @Test
  void givesTheClientTheErrorOfAnOfferThatFails() throws Exception {
    client.send('Q', "install\0");

    backendReads(OFFER);
    backendReads(List.of("Q:DO 'x'|", "S:"));
    // The server skips the Query and answers the Sync.
    backend.send(
        concat(message('3', ""), message('E', "SERROR\0C57014\0Mtimeout\0\0"), message('Z', "I")));
    clientReads(List.of("E:SERROR|C57014|Mtimeout||", "Z:I"));
    assertNothingElseIsUnderWay();
  }

  @Test
  void offersTheKeysInThePipelineOfAParse() throws Exception {
    client
        .send('P', "\0install\0\0\0")
        .send('B', "\0\0\0\0\0\0\0\0")
        .send('E', "\0\0\0\0\0")
        .send('S', "");

    backendReads(OFFER);
    backendReads(List.of("P:|DO 'x'|||", "B:||||||||", "E:|||||", "S:"));
    backend.send(
        concat(
            OFFERED, message('1', ""), message('2', ""), message('C', "DO\0"), message('Z', "I")));
    clientReads(List.of("1:", "2:", "C:CREATE EXTENSION|", "Z:I"));
    assertNothingElseIsUnderWay();
  }

  @Test
  void offersNothingInAFailedTransaction() throws Exception {
    client.send('Q', "fail\0");
    backendReads(List.of("Q:fail|"));
    backend.send(concat(message('E', "SERROR\0\0"), message('Z', "E")));
    clientReads(List.of("E:SERROR||", "Z:E"));

    // It may begin with ROLLBACK.
    client.send('Q', "install\0");

    backendReads(List.of("Q:DO 'x'|"));
  }

  @Test
  void offersNothingBeforeAQueryWhoseTransactionItDoesNotKnow() throws Exception {
    client.send(concat(message('Q', "first\0"), message('Q', "install\0")));

    backendReads(List.of("Q:first|", "Q:DO 'x'|"));
  }

  @Test
  void copyInOfTheSameQueryDoesNotDisturbTheOrderOfReplies() throws Exception {
    client.send('Q', "install\0");
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

    backendReads(OFFER);
    backendReads(
        List.of(
            "P:keys_store|DO 'store'|||",
            "B:keys_store|keys_store|||||||",
            "E:keys_store|||||",
            "C:Skeys_store|",
            "S:"));
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
  void keepsTheErrorOfItsOwnStatementsFromTheClient() throws Exception {
    client.send('Q', "SELECT setup()\0");
    backend.read();
    backend.send(concat(WANTED, message('C', "SELECT 1\0"), message('Z', "I")));
    clientReads(List.of("C:SELECT 1|"));
    backendReads(OFFER);

    backend.send(concat(message('E', "SERROR\0C57014\0Mtimeout\0\0"), message('Z', "I")));

    clientReads(List.of("Z:I"));
    for (int i = 0; i < 5; i++) {
      backend.read();
    }
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
    backendReads(OFFER);
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
