package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.error;
import static dev.pglambda.testing.Peer.message;
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
import dev.pglambda.protocol.BackendMessage.EmptyQueryResponse;
import dev.pglambda.protocol.BackendMessage.ParseComplete;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.protocol.Message;
import dev.pglambda.testing.Peer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;

/** A client, a server, and what the proxy itself says between them to deliver the keys. */
abstract class KeyDeliveryStage extends RelayStage {
  static final String OWN = "pglambda_direct";

  static final List<String> ASK = own("ask");

  static final List<String> OFFER =
      List.of(
          "C:Pkeys|",
          "P:keys|SELECT $1|||",
          "B:keys|keys||||\1|||\20secret of stored||",
          "C:Skeys|");

  static final byte[] OFFERED =
      message(new CloseComplete(), new ParseComplete(), new BindComplete(), new CloseComplete());

  static final byte[] YES = answered("t", "stored");
  static final byte[] NO = answered("f", null);
  static final byte[] TIMEOUT = message(error("SERROR", "C57014", "Mtimeout"));

  Peer client;
  Peer backend;

  /** Messages of the proxy's own for a query without parameters. */
  static List<String> own(String query) {
    return List.of(
        "C:S" + OWN + "|",
        "P:" + OWN + "|" + query + "|||",
        "B:" + OWN + "|" + OWN + "||\1|||||\1||",
        "E:" + OWN + "|||||",
        "C:P" + OWN + "|",
        "C:S" + OWN + "|");
  }

  /** What the server answers to them. */
  static byte[] answered(@Nullable String... row) {
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
                ? new Rewrite(text, List.of(), Keys.OF_PROCEDURE, false, null)
                : new Rewrite(
                    "DO 'x'",
                    List.of(new ReplacedSpan(0, "CREATE EXTENSION", 0, 7, 6)),
                    Keys.OF_STATEMENT,
                    false,
                    null);
          }
        };
    client = client(startup("user", "ann"));
    backend = ready(client);
  }

  /** The server is asked whether the role may have the keys, in a series of its own. */
  void asked(byte[] answer) throws Exception {
    asked("ask", answer);
  }

  void asked(String question, byte[] answer) throws Exception {
    backendReads(own(question));
    backendReads("S:");
    backend.send(concat(answer, message(new ReadyForQuery('I'))));
  }

  /** The same within a series, or a transaction block, of the client's. */
  void askedWithinASeries(byte[] answer) throws Exception {
    backendReads(ASK);
    backendReads("H:");
    backend.send(answer);
  }

  void askedForItsSettings() throws Exception {
    backendReads(own("SHOW client_encoding"));
    backendReads(own("SHOW standard_conforming_strings"));
    backendReads("H:");
    backend.send(concat(answered("UTF8"), answered("on")));
  }

  void beginABlock() throws Exception {
    client.send(new Query("BEGIN"));
    backendReads("Q:BEGIN|");
    backend.send(new CommandComplete("BEGIN"), new ReadyForQuery('T'));
    clientReads("C:BEGIN|", "Z:T");
  }

  void installInAPipeline() throws Exception {
    client
        .send(new Parse("", "install", List.of()))
        .send(Bind.EMPTY)
        .send(new Execute("", 0))
        .send(new Sync());
  }

  /** It does so before the client is told that the server is ready. */
  void closesWhatTheErrorHasLeft(String transaction) throws Exception {
    backendReads("C:S" + OWN + "|", "S:");
    backend.send(
        concat(message(new CloseComplete()), message(BackendMessage.READY_FOR_QUERY, transaction)));
    clientReads("Z:" + transaction);
  }

  /** One more exchange goes through as it is. */
  void assertNothingElseIsUnderWay() throws Exception {
    client.send(new Query("next"));
    backendReads("Q:next|");
    backend.send(new EmptyQueryResponse());
    clientReads("I:");
  }

  void backendReads(List<String> messages) throws Exception {
    backendReads(messages.toArray(String[]::new));
  }

  void backendReads(String... messages) throws Exception {
    for (String message : messages) {
      assertThat(backend.read()).hasToString(message);
    }
  }

  void clientReads(String... messages) throws Exception {
    for (String message : messages) {
      assertThat(client.read()).hasToString(message);
    }
  }

  /** The server has bound the portal, and goes on. */
  void offered(Message... messages) throws Exception {
    backend.send(concat(OFFERED, message(messages)));
  }
}
