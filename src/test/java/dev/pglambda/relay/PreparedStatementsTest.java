package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.error;
import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.intercept.Rewrite.Keys;
import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Close;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.testing.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The tag of a rewritten statement that is executed by name: the client sends a pipeline, and the
 * server answers as the server would.
 */
class PreparedStatementsTest extends RelayStage {
  private static final byte[] SYNC = message(new Sync());

  private Peer client;
  private Peer backend;

  @BeforeEach
  void begin() throws Exception {
    rewriteMagic();
    client = client(startup("user", "ann"));
    backend = ready(client);
  }

  @Test
  void findsAStatementThatIsNotCompletedYet() throws Exception {

    assertThat(tags("12CI", parse("m", "magic"), bind("", "m"), execute(""), SYNC))
        .containsExactly("CREATE EXTENSION");
  }

  @Test
  void leavesAStatementAsItIsIfParseFailsBecauseOfItsName() throws Exception {
    tags("1I", parse("m", "magic"), SYNC);
    tags("EI", parse("m", "DO 'y'"), SYNC);
    assertThat(tags("2CI", bind("", "m"), execute(""), SYNC)).containsExactly("CREATE EXTENSION");

    tags("1I", parse("own", "DO 'y'"), SYNC);
    tags("EI", parse("own", "magic"), SYNC);
    assertThat(tags("2CI", bind("", "own"), execute(""), SYNC)).containsExactly("DO");
  }

  @Test
  void leavesNamesAsTheyAreWhileTheServerSkips() throws Exception {
    tags("1I", parse("m", "magic"), SYNC);
    tags(
        "EI",
        parse("x", "wrong"),
        close(FrontendMessage.STATEMENT, "m"),
        parse("m", "DO 'y'"),
        bind("p", "m"),
        SYNC);

    assertThat(tags("2CI", bind("", "m"), execute(""), SYNC)).containsExactly("CREATE EXTENSION");
  }

  @Test
  void forgetsAStatementThatIsClosedAndParsedAnew() throws Exception {
    tags("1I", parse("m", "magic"), SYNC);

    assertThat(
            tags(
                "2C312C3I",
                bind("", "m"),
                execute(""),
                close(FrontendMessage.STATEMENT, "m"),
                parse("m", "DO 'y'"),
                bind("", "m"),
                execute(""),
                close(FrontendMessage.STATEMENT, "m"),
                SYNC))
        .containsExactly("CREATE EXTENSION", "DO");
    assertThat(tags("12CI", parse("m", "magic"), bind("", "m"), execute(""), SYNC))
        .containsExactly("CREATE EXTENSION");
  }

  @Test
  void forgetsAStatementThatWasDroppedByTextWhenItIsParsedAnew() throws Exception {
    tags("1I", parse("m", "magic"), SYNC);
    tags("dI", message(new Query("DISCARD ALL")));

    assertThat(tags("12CI", parse("m", "DO 'y'"), bind("", "m"), execute(""), SYNC))
        .containsExactly("DO");
  }

  @Test
  void replacesTheUnnamedStatement() throws Exception {
    tags("1I", parse("", "magic"), SYNC);

    assertThat(
            tags(
                "2C12CI",
                bind("", ""),
                execute(""),
                parse("", "DO 'y'"),
                bind("", ""),
                execute(""),
                SYNC))
        .containsExactly("CREATE EXTENSION", "DO");
  }

  @Test
  void replacesTheUnnamedStatementByOneThatIsTooLongToBeInspected() throws Exception {
    tags("1I", parse("", "magic"), SYNC);

    String longer = "DO 'y'" + " ".repeat(1 << 20);
    assertThat(tags("12CI", parse("", longer), bind("", ""), execute(""), SYNC))
        .containsExactly("DO");
  }

  @Test
  void keepsAPortalUntilItIsBoundAnewOrClosed() throws Exception {
    tags("1I", parse("m", "magic"), SYNC);
    tags("2T", bind("p", "m"), SYNC);
    tags("EF", bind("p", "own"), SYNC); // a portal of that name exists

    assertThat(
            tags(
                "C32C2CI",
                execute("p"),
                close(FrontendMessage.PORTAL, "p"),
                bind("p", "own"),
                execute("p"),
                bind("", "m"),
                execute(""),
                SYNC))
        .containsExactly("CREATE EXTENSION", "DO", "CREATE EXTENSION");
  }

  @Test
  void closingAPortalLeavesTheStatementOfThatName() throws Exception {
    tags("1I", parse("m", "magic"), SYNC);

    assertThat(tags("32CI", close(FrontendMessage.PORTAL, "m"), bind("", "m"), execute(""), SYNC))
        .containsExactly("CREATE EXTENSION");
  }

  @Test
  void comparesNamesAsTheServerDoes() throws Exception {
    String name = "n".repeat(63);
    tags("1I", parse(name + "x", "magic"), SYNC);

    assertThat(tags("2C2CI", bind("", name + "y"), execute(""), bind("", "n"), execute(""), SYNC))
        .containsExactly("CREATE EXTENSION", "DO");
  }

  @Test
  void keepsNoNameThatTheServerHasNot() {
    PreparedStatements prepared = new PreparedStatements(MemoryBudget.unlimited().open());
    List<ReplacedSpan> text = List.of(new ReplacedSpan(0, "CREATE EXTENSION", 0, 5, 9));
    for (int i = 0; i < 100_000; i++) {
      ByteBuf close = Unpooled.copiedBuffer("Ss" + i + "\0", StandardCharsets.US_ASCII);
      prepared.parse(close, 1, close.writerIndex(), text, Keys.NONE).completed();
      PreparedStatements.SentMessage sent =
          prepared.named(FrontendMessage.CLOSE, close, 0, close.writerIndex());
      assertThat(sent == null).isEqualTo(i >= 1_000); // the most that are noted
      if (sent != null) {
        sent.completed();
      }
    }
    prepared.ready(true, false);
    assertThat(prepared.isEmpty()).isFalse();
    prepared.ready(true, true);
    assertThat(prepared.isEmpty()).isTrue();
  }

  @Test
  void keepsNoPortalBeyondItsTransaction() throws Exception {
    PreparedStatements prepared = new PreparedStatements(MemoryBudget.unlimited().open());
    List<ReplacedSpan> text = List.of(new ReplacedSpan(0, "CREATE EXTENSION", 0, 5, 9));
    ByteBuf names = Unpooled.copiedBuffer("p\0s\0", StandardCharsets.US_ASCII);
    prepared.parse(names, 2, 4, text, Keys.NONE).completed();
    PreparedStatements.SentMessage bind = prepared.named(FrontendMessage.BIND, names, 0, 4);
    PreparedStatements.SentMessage execute = prepared.named(FrontendMessage.EXECUTE, names, 0, 4);
    assertThat(bind).isNotNull();
    assertThat(execute).isNotNull();

    bind.completed();
    assertThat(execute.rewritten()).isEqualTo(text);
    prepared.ready(false, true);
    assertThat(execute.rewritten()).isEqualTo(text);
    prepared.ready(true, true);
    assertThat(execute.rewritten()).isEmpty();
    assertThat(prepared.named(FrontendMessage.EXECUTE, names, 0, 4)).isNull();
  }

  // ---- the script

  /**
   * Sends a pipeline and the replies to it.
   *
   * @param replies types of messages; C has the tag DO, d another, and I, T and F are ReadyForQuery
   * @return the tags that the client sees
   */
  private List<String> tags(String replies, byte[]... pipeline) throws IOException {
    client.send(concat(pipeline));
    for (byte[] each : pipeline) {
      assertThat(backend.read().type()).isEqualTo(each[0]);
    }
    List<String> tags = new ArrayList<>();
    for (int i = 0; i < replies.length(); i++) {
      backend.send(reply(replies.charAt(i)));
      Peer.Received received = client.read();
      if (received.type() == BackendMessage.COMMAND_COMPLETE) {
        tags.add(received.body().replace("\0", ""));
      }
    }
    return tags;
  }

  private static byte[] reply(char type) {
    return switch (type) {
      case 'C' -> message(new CommandComplete("DO"));
      case 'd' -> message(new CommandComplete("DISCARD ALL"));
      case 'E' -> message(error("SERROR", "VERROR", "C42P05", "Mno"));
      case 'I', 'T' -> message(new ReadyForQuery(type));
      case 'F' -> message(new ReadyForQuery('E'));
      default -> message((byte) type, "");
    };
  }

  private static byte[] parse(String name, String text) {
    return message(new Parse(name, text, List.of()));
  }

  private static byte[] bind(String portal, String statement) {
    return message(new Bind(portal, statement, List.of(), List.of(), List.of()));
  }

  private static byte[] execute(String portal) {
    return message(new Execute(portal, 0));
  }

  private static byte[] close(char kind, String name) {
    return message(new Close(kind, name));
  }
}
