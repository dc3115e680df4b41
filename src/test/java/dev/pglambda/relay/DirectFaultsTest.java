package dev.pglambda.relay;

import static dev.pglambda.relay.DirectStage.BIND;
import static dev.pglambda.relay.DirectStage.DESCRIBE;
import static dev.pglambda.relay.DirectStage.EXECUTE;
import static dev.pglambda.relay.DirectStage.PARSE;
import static dev.pglambda.relay.DirectStage.QUERY;
import static dev.pglambda.relay.DirectStage.SYNC;
import static dev.pglambda.testing.Peer.error;
import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.notice;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.pglambda.config.DirectCallMode;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.NotificationResponse;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.BackendMessage.ParseComplete;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Close;
import dev.pglambda.protocol.FrontendMessage.Describe;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.testing.Peer.Received;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/**
 * Everything that can go wrong while calls are served, at each of the server's answers in turn. The
 * stage checks at the end of each run that no byte is kept, and no call goes on.
 */
class DirectFaultsTest {
  private static final byte[] FATAL = message(error("SFATAL", "VFATAL", "C57P01", "Mterminating"));
  private static final byte[] NOTICE = message(notice("SNOTICE", "VNOTICE", "C00000", "Mhello"));
  private static final byte[] STATUS = message(new ParameterStatus("TimeZone", "UTC"));
  private static final byte[] NOTIFICATION =
      message(new NotificationResponse(1, "channel", "payload"));

  private static final Logger LOGGER =
      (Logger) LoggerFactory.getLogger(Session.class.getPackageName());

  /** What the client says. */
  enum Script {
    SIMPLE,
    EXTENDED,
    /** Statement described, portal executed row by row, and all closed. */
    PIECEMEAL,
    TWICE;

    byte[][] messages() {
      return switch (this) {
        case SIMPLE -> new byte[][] {QUERY};
        case EXTENDED -> new byte[][] {PARSE, BIND, DESCRIBE, EXECUTE, SYNC};
        case PIECEMEAL ->
            new byte[][] {
              PARSE,
              message(Describe.statement("s")),
              BIND,
              message(new Execute("", 1)),
              EXECUTE,
              message(Close.portal("")),
              message(Close.statement("s")),
              SYNC
            };
        case TWICE -> new byte[][] {QUERY, PARSE, BIND, EXECUTE, SYNC, BIND, EXECUTE, SYNC};
      };
    }
  }

  /** What the server says in place of the answer to one message. */
  enum Nonsense {
    NOTHING_IN_EACH,
    HALF_OF_EACH,
    ALL_BUT_THE_LAST_BYTE,
    ZEROS,
    ONES,
    LONG_VALUE,
    NOT_READABLE_ERROR,
    READY_FOR_QUERY,
    COMMAND_COMPLETE,
    PARSE_COMPLETE,
    EVERYTHING_TWICE,
    NO_ROWS,
    UNKNOWN_TYPE;

    byte[] instead(List<byte[]> answers) {
      return switch (this) {
        case NOTHING_IN_EACH -> each(answers, body -> "");
        case HALF_OF_EACH -> each(answers, body -> body.substring(0, body.length() / 2));
        case ALL_BUT_THE_LAST_BYTE ->
            each(answers, body -> body.substring(0, Math.max(0, body.length() - 1)));
        case ZEROS -> each(answers, body -> "\0".repeat(body.length()));
        case ONES -> each(answers, body -> "\u00ff".repeat(body.length()));
        case LONG_VALUE -> each(answers, body -> "\0\1\u007f\u00ff\u00ff\u00ff");
        case NOT_READABLE_ERROR -> message(BackendMessage.ERROR_RESPONSE, "not readable");
        case READY_FOR_QUERY -> message(new ReadyForQuery('I'));
        case COMMAND_COMPLETE -> message(new CommandComplete("SELECT 1"));
        case PARSE_COMPLETE -> message(new ParseComplete());
        case EVERYTHING_TWICE ->
            RelayStage.concat(
                RelayStage.concat(answers.toArray(byte[][]::new)),
                RelayStage.concat(answers.toArray(byte[][]::new)));
        case NO_ROWS -> answers.get(answers.size() - 1);
        case UNKNOWN_TYPE -> message((byte) '?', "");
      };
    }

    private static byte[] each(List<byte[]> answers, UnaryOperator<String> change) {
      List<byte[]> changed = new ArrayList<>();
      for (byte[] answer : answers) {
        String body =
            new String(
                answer,
                Frame.HEADER_LENGTH,
                answer.length - Frame.HEADER_LENGTH,
                StandardCharsets.ISO_8859_1);
        changed.add(message(answer[0], change.apply(body)));
      }
      return RelayStage.concat(changed.toArray(byte[][]::new));
    }
  }

  /** Something that happens instead of an answer, or beside it. */
  private interface Event {
    void happens(DirectStage stage, Received asked);
  }

  @BeforeAll
  static void logNothing() {
    LOGGER.setLevel(Level.OFF);
  }

  @AfterAll
  static void logAsBefore() {
    LOGGER.setLevel(null);
  }

  @ParameterizedTest
  @EnumSource(Script.class)
  void passesAnErrorOnAndGoesOnBehindTheSync(Script script) {
    atEachAnswer(
        script,
        (stage, asked) -> {
          if (asked.type() == FrontendMessage.SYNC) {
            stage.serverSends(message(new ReadyForQuery('I')));
          } else {
            stage.serverSends(stage.model.fail("22012", "division by zero"));
          }
        },
        stage -> {
          assertThat(stage.client.isOpen()).isTrue();
          assertThat(stage.clientSaw()).endsWith("Z");
          assertThat(count(stage.clientSaw(), 'Z')).isEqualTo(count(script));
          assertThat(stage.model.knows(ExtendedQueryPipeline.OWN_NAME)).as("left behind").isFalse();
          goesOn(stage);
        });
  }

  @ParameterizedTest
  @EnumSource(Script.class)
  void tellsTheClientWhatTheServerSaysBeforeItEnds(Script script) {
    atEachAnswer(
        script,
        (stage, asked) -> {
          stage.serverSends(FATAL);
          stage.server.close();
        },
        stage -> {
          assertThat(stage.clientSaw()).endsWith("E");
          assertThat(stage.toClient.get(stage.toClient.size() - 1).body())
              .contains("Mterminating\0");
          assertThat(stage.client.isOpen()).isFalse();
        });
  }

  @ParameterizedTest
  @EnumSource(Script.class)
  void endsTheSessionIfTheServerDoes(Script script) {
    atEachAnswer(
        script,
        (stage, asked) -> stage.server.close(),
        stage -> {
          assertThat(stage.toClient.get(stage.toClient.size() - 1).body()).contains("C08006\0");
          assertThat(stage.client.isOpen()).isFalse();
        });
  }

  @ParameterizedTest
  @EnumSource(Script.class)
  void leavesNothingBehindIfTheClientCloses(Script script) {
    atEachAnswer(
        script,
        (stage, asked) -> stage.client.close(),
        stage -> assertThat(stage.server.isOpen()).isFalse());
  }

  @ParameterizedTest
  @EnumSource(Script.class)
  void passesWhatNobodyAskedFor(Script script) {
    atEachAnswer(
        script,
        (stage, asked) -> {
          stage.serverSends(STATUS, NOTIFICATION, NOTICE);
          stage.serverSends(stage.model.answer(asked).toArray(byte[][]::new));
        },
        stage -> {
          assertThat(stage.client.isOpen()).isTrue();
          assertThat(stage.clientSaw()).contains("S").contains("A").endsWith("Z");
          assertThat(stage.clientSaw()).doesNotContain("E");
          assertThat(stage.calls).hasSizeGreaterThan(0);
        });
  }

  @ParameterizedTest
  @EnumSource(Nonsense.class)
  void neitherHangsNorLeaksWhenTheServerAnswersNonsense(Nonsense nonsense) {
    for (Script script : Script.values()) {
      atEachAnswer(
          script,
          (stage, asked) -> {
            List<byte[]> answers = stage.model.answer(asked);
            // Nonsense in answer to what the client has said is the client's to deal with.
            boolean own = !answers.isEmpty() && !isOf(script, asked);
            stage.serverSends(
                own
                    ? nonsense.instead(answers)
                    : RelayStage.concat(answers.toArray(byte[][]::new)));
          },
          stage -> {
            if (stage.client.isOpen()) {
              assertThat(stage.clientSaw()).endsWith("Z");
              assertThat(count(stage.clientSaw(), 'Z')).isGreaterThanOrEqualTo(count(script));
            }
          });
    }
  }

  private static void goesOn(DirectStage stage) {
    stage.toClient.clear();
    int calls = stage.calls.size();
    stage.clientSends(QUERY);
    stage.play();
    assertThat(stage.clientSaw()).isEqualTo("TDCZ");
    assertThat(stage.calls).hasSize(calls + 1);
    assertThat(stage.model.knows(ExtendedQueryPipeline.OWN_NAME)).isFalse();
  }

  private static void atEachAnswer(Script script, Event event, Consumer<DirectStage> then) {
    int at = 0;
    for (boolean happened = true; happened; at++) {
      try (DirectStage stage = new DirectStage(DirectCallMode.AUTO)) {
        Received asked = play(stage, script, event, at);
        happened = asked != null;
        if (happened) {
          try {
            then.accept(stage);
          } catch (AssertionError failure) {
            throw new AssertionError(
                "%s, answer %d, to %s; the server was sent %s, the client %s"
                    .formatted(
                        script, at, asked, DirectStage.types(stage.toServer), stage.clientSaw()),
                failure);
          }
        }
      } catch (AssertionError failure) {
        throw new AssertionError("%s, answer %d".formatted(script, at), failure);
      }
    }
    assertThat(at).as("answers").isGreaterThan(20);
  }

  /** The message at whose answer it happened; null if there were not so many. */
  private static @Nullable Received play(DirectStage stage, Script script, Event event, int at) {
    stage.clientSends(script.messages());
    int answered = 0;
    Received chosen = null;
    while (chosen == null) {
      Received asked = stage.nextToServer();
      if (asked == null) {
        if (!stage.returns()) {
          return null;
        }
      } else if (asked.type() != FrontendMessage.FLUSH && answered++ == at) {
        chosen = asked;
        event.happens(stage, asked);
      } else {
        stage.serverSends(stage.model.answer(asked).toArray(byte[][]::new));
      }
    }
    stage.take();
    stage.play();
    return chosen;
  }

  private static boolean isOf(Script script, Received asked) {
    return Arrays.stream(script.messages())
        .anyMatch(each -> Arrays.equals(each, message(asked.type(), asked.body())));
  }

  private static int count(Script script) {
    return (int)
        Arrays.stream(script.messages()).filter(each -> each[0] == 'S' || each[0] == 'Q').count();
  }

  private static int count(String types, char type) {
    return (int) types.chars().filter(each -> each == type).count();
  }
}
