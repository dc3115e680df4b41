package dev.pglambda.client.direct;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.client.direct.CallingModes.Mode;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.Seeds;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Random conversations with calls get the same answers, and make the same requests, whether the
 * extension serves the calls or the proxy does, with the extension installed, and without; and
 * whether the client waits for the answer to each message or sends many at a time. {@link Seeds}
 * says which; a failure names the seed.
 */
@Timeout(14_400)
class DirectDifferentialTest {
  private static final Logger log = LoggerFactory.getLogger(DirectDifferentialTest.class);
  private static final int CONVERSATIONS = 40;
  private static final int MOST_DIFFERENCES = 12;

  private static final long FIXED_SEED = 20_261_123;

  @ParameterizedTest
  @MethodSource("dev.pglambda.testing.LambdaDatabase#oldestAndNewestVersion")
  void areAnsweredAsByTheExtension(String version) throws Exception {
    Seeds seeds = Seeds.of(FIXED_SEED, CONVERSATIONS);
    log.warn("conversations with PostgreSQL {}: {}", version, seeds);
    List<String> differences = new ArrayList<>();
    try (Places places = new Places(version)) {
      for (int i = 0; i < seeds.count() && differences.size() < MOST_DIFFERENCES; i++) {
        long seed = seeds.first() + i;
        try {
          differences.addAll(places.compare(seed));
        } catch (Exception failure) {
          throw new AssertionError("seed " + seed, failure);
        }
      }
      log.warn(
          "{} conversations had {} lines, {} requests",
          places.conversations,
          places.lines,
          places.requests);
      assertThat(differences).as(String.join("\n\n", differences)).isEmpty();
      assertThat(seeds.count() == 1 || places.requests > seeds.count() / 2).isTrue();
    }
  }

  /**
   * A database whose calls are served in a mode.
   *
   * @param operator a connection without the proxy
   * @param composite object id of the type of create_lambda_function_arn; that of record if it is
   *     not there
   */
  private record Place(LambdaDatabase database, Connection operator, int composite) {}

  /** Databases that are alike but for who serves the calls. */
  private static final class Places implements AutoCloseable {
    private final Map<Mode, Place> places = new EnumMap<>(Mode.class);

    /** Where the extension serves the calls of a client that waits. */
    private final Place waiting;

    private final ExecutorService threads = Executors.newFixedThreadPool(1 + Mode.values().length);
    private final String version;
    private int conversations;
    private int lines;
    private int requests;

    Places(String version) throws SQLException {
      this.version = version;
      for (Mode mode : Mode.values()) {
        places.put(mode, place(mode.database(version)));
      }
      waiting = place(Mode.EXTENSION.database(version));
    }

    private static Place place(LambdaDatabase database) throws SQLException {
      program(database.lambda());
      Connection operator = database.connectDirectly();
      Queries.execute(
          operator,
          "ALTER DATABASE " + database.name() + " SET search_path = w, public",
          // Its warnings come once for each time that a text is read.
          "ALTER DATABASE " + database.name() + " SET escape_string_warning = off");
      return new Place(database, operator, composite(operator));
    }

    private static int composite(Connection operator) throws SQLException {
      String sql = "SELECT coalesce(to_regtype('aws_commons._lambda_function_arn_1')::oid, 2249)";
      return Integer.parseUnsignedInt(Queries.row(operator, sql));
    }

    private static void program(FakeLambdaEndpoint lambda) {
      lambda.on("echo", Reply.echo());
      lambda.on("fixed", Reply.json("{\"a\": {\"b\": \"\u00e9\u20ac\"}, \"n\": \"12\"}"));
      lambda.on("logs", Reply.echo().withLog("it said\n\u00e4"));
      lambda.on("nothing", Reply.json("").withoutHeader("X-Amz-Executed-Version"));
      lambda.on("html", Reply.json("<html>"));
      lambda.on("failing", Reply.functionError("{\"errorMessage\": \"it's \\\"broken\\\"\"}"));
      lambda.on("throttled", Reply.apiError(429, "TooManyRequestsException", "Rate exceeded"));
    }

    /** The differences, told so that one can repeat them by hand. */
    List<String> compare(long seed) throws Exception {
      RandomCallConversation conversation = new RandomCallConversation(seed);
      List<Mode> modes =
          conversation.needsExtension() ? List.of(Mode.ALWAYS) : List.of(Mode.ALWAYS, Mode.ABSENT);
      Future<CallTranscript> ofWaiting =
          threads.submit(() -> hold(conversation.steps(), waiting, true));
      List<CallTranscript> all = hold(conversation.steps(), modes);
      CallTranscript expected = all.get(0);
      conversations++;
      lines += expected.size();
      requests += expected.requests();
      List<String> differences = new ArrayList<>();
      String difference = expected.differenceFrom(ofWaiting.get());
      if (difference != null) {
        differences.add(
            "seed %d, PostgreSQL %s, + many at a time%n%s".formatted(seed, version, difference));
      }
      for (int i = 0; i < modes.size(); i++) {
        if (all.get(i + 1).differenceFrom(expected) != null) {
          differences.add(
              "seed %d, PostgreSQL %s, %s%n%s"
                  .formatted(
                      seed, version, modes.get(i), shortest(conversation.steps(), modes.get(i))));
        }
      }
      return differences;
    }

    /** The difference in the fewest steps that still have one. */
    private String shortest(List<ConversationStep> steps, Mode mode) throws Exception {
      List<ConversationStep> left = new ArrayList<>(steps);
      String difference = null;
      for (int i = left.size() - 1; i >= 0; i--) {
        List<ConversationStep> fewer = new ArrayList<>(left);
        fewer.remove(i);
        String still = difference(fewer, mode);
        if (still != null) {
          left = fewer;
          difference = still;
        }
      }
      return Objects.requireNonNullElse(difference, String.valueOf(difference(left, mode)));
    }

    private @Nullable String difference(List<ConversationStep> steps, Mode mode) throws Exception {
      List<CallTranscript> both = hold(steps, List.of(mode));
      return both.get(1).differenceFrom(both.get(0));
    }

    /** Holds a conversation where the extension serves the calls, and in other modes. */
    private List<CallTranscript> hold(List<ConversationStep> steps, List<Mode> others)
        throws Exception {
      List<Future<CallTranscript>> running = new ArrayList<>();
      running.add(threads.submit(() -> hold(steps, Mode.EXTENSION)));
      others.forEach(mode -> running.add(threads.submit(() -> hold(steps, mode))));
      List<CallTranscript> transcripts = new ArrayList<>();
      for (Future<CallTranscript> each : running) {
        transcripts.add(each.get());
      }
      return transcripts;
    }

    private CallTranscript hold(List<ConversationStep> steps, Mode mode) throws Exception {
      return hold(steps, Objects.requireNonNull(places.get(mode)), false);
    }

    private static CallTranscript hold(List<ConversationStep> steps, Place place, boolean waiting)
        throws Exception {
      Queries.execute(place.operator(), RandomCalls.SETUP.toArray(String[]::new));
      return CallTranscript.of(place.database(), place.composite(), steps, waiting);
    }

    @Override
    public void close() throws SQLException {
      threads.shutdownNow();
      List<Place> all = new ArrayList<>(places.values());
      all.add(waiting);
      for (Place place : all) {
        place.operator().close();
        place.database().close();
      }
    }
  }
}
