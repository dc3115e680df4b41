package dev.pglambda.direct.resolve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.direct.resolve.OverloadResolution.Match;
import dev.pglambda.direct.resolve.OverloadResolution.Resolution;
import dev.pglambda.direct.resolve.OverloadResolution.Unresolved;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.NoticeResponse;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Has servers of each version that have the extensions analyse thousands of calls, and compares
 * which function they take, and for which argument each parameter, or the error, with what the
 * proxy makes of the calls. Nothing is called: the server's answer is the parse tree that it prints
 * ({@code debug_print_parse}).
 *
 * <p>{@code -Dpglambda.test.calls=100000 -Dpglambda.test.seed=1} makes other calls, and more.
 */
class OverloadResolutionAgainstServerTest {
  private static final int RANDOM_CALLS = Integer.getInteger("pglambda.test.calls", 3_000);
  private static final int PIPELINED = 50;
  private static final long SEED = Long.getLong("pglambda.test.seed", 20261122);

  private static final Pattern FUNCTION = Pattern.compile("\\{FUNCEXPR\\s+:funcid\\s+(\\d+)");
  private static final Pattern PLACE = Pattern.compile(":argnumber\\s+(\\d+)");

  private static final Map<String, Overload> SIGNATURES =
      Map.of(
          "text,json,text,text,text,json,varchar", Overload.INVOKE_NAME_JSON,
          "text,jsonb,text,text,text,jsonb,varchar", Overload.INVOKE_NAME_JSONB,
          "_lambda_function_arn_1,json,text,text,json,varchar", Overload.INVOKE_ARN_JSON,
          "_lambda_function_arn_1,jsonb,text,text,jsonb,varchar", Overload.INVOKE_ARN_JSONB,
          "text,text", Overload.CREATE_ARN);

  static List<String> versions() {
    return PostgresServer.versions();
  }

  @ParameterizedTest
  @MethodSource("versions")
  void decidesAsTheServerDoes(String version) throws Exception {
    List<String> different = new ArrayList<>();
    Map<String, Integer> outcomes = new TreeMap<>();
    try (WireClient client = connect(PostgresServer.of(version, true))) {
      compare(client, WrittenCalls.of(SEED, RANDOM_CALLS), outcomes, different);
      for (String cast : WrittenCalls.CASTS) {
        rows(client, cast);
      }
      compare(client, WrittenCalls.of(SEED + 1, RANDOM_CALLS / 10), outcomes, different);
    }
    assertThat(different).isEmpty();
    assertThat(outcomes.keySet())
        .contains("42601", "42725", "42883", "54023")
        .containsAll(SIGNATURES.values().stream().map(Overload::name).toList());
  }

  /**
   * Compares what both say of calls.
   *
   * @param outcomes counts them by their kind
   * @param different takes the calls of which they say different things
   */
  private static void compare(
      WireClient client,
      List<WrittenCall> calls,
      Map<String, Integer> outcomes,
      List<String> different)
      throws IOException {
    Map<String, ArgumentType> types = types(client);
    Map<String, ArgumentType> withoutSchema = withoutSchema(types);
    Map<Integer, Overload> overloads = overloads(client);
    for (int from = 0; from < calls.size(); from += PIPELINED) {
      List<WrittenCall> part = calls.subList(from, Math.min(from + PIPELINED, calls.size()));
      List<WrittenCall.Statement> statements =
          part.stream().map(call -> call.statement(types)).toList();
      for (WrittenCall.Statement statement : statements) {
        int[] oids = statement.parameterTypes().stream().mapToInt(Integer::intValue).toArray();
        client.parse("", statement.sql(), oids).sync();
      }
      for (int i = 0; i < part.size(); i++) {
        WrittenCall call = part.get(i);
        String expected = outcome(client.readUntilReady(), overloads, call.arguments().size());
        String actual = outcome(call, types, statements.get(i));
        if (!expected.equals(actual)
            || !expected.equals(outcome(call, withoutSchema, statements.get(i)))) {
          different.add(statements.get(i) + "\n  " + expected + "\n  " + actual);
        }
        outcomes.merge(expected.split(" ", 2)[0], 1, Integer::sum);
      }
    }
  }

  private static WireClient connect(PostgresServer server) throws Exception {
    String database = server.createDatabase();
    try (Connection connection = server.connect(database);
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE EXTENSION aws_lambda CASCADE");
      for (String sql : WrittenCalls.SETUP) {
        statement.execute(sql);
      }
    }
    WireClient client =
        WireClient.connect(server.host(), server.port(), server.user(), database, null);
    rows(client, "SET debug_print_parse = on");
    rows(client, "SET debug_pretty_print = off");
    rows(client, "SET log_min_messages = panic");
    rows(client, "SET client_min_messages = log");
    return client;
  }

  private static List<List<@Nullable String>> rows(WireClient client, String sql)
      throws IOException {
    return rows(client.query(sql).readUntilReady());
  }

  private static List<List<@Nullable String>> rows(List<BackendMessage> messages) {
    assertThat(messages).noneMatch(ErrorResponse.class::isInstance);
    return messages.stream()
        .filter(DataRow.class::isInstance)
        .map(row -> ((DataRow) row).texts())
        .toList();
  }

  /** By the names of {@link WrittenCalls#TYPES}. */
  private static Map<String, ArgumentType> types(WireClient client) throws IOException {
    Map<Integer, String> names = new HashMap<>();
    for (String name : WrittenCalls.TYPES) {
      String oid = rows(client, "SELECT '" + name + "'::regtype::oid").get(0).get(0);
      names.put(Integer.valueOf(Objects.requireNonNull(oid)), name);
    }
    client
        .parse("", ArgumentType.QUERY)
        .bind("", "", List.of(ArgumentType.parameter(names.keySet())))
        .execute("", 0)
        .sync();
    Map<String, ArgumentType> types = new HashMap<>();
    for (List<@Nullable String> row : rows(client.readUntilReady())) {
      ArgumentType type = ArgumentType.read(row);
      types.put(Objects.requireNonNull(names.get(type.oid())), type);
    }
    assertThat(types.keySet()).containsExactlyInAnyOrderElementsOf(WrittenCalls.TYPES);
    return types;
  }

  /** The same, with the composite, and a domain over it, as if it were made up. */
  private static Map<String, ArgumentType> withoutSchema(Map<String, ArgumentType> types) {
    int madeUp = ArgumentType.ARN_TARGET;
    Map<String, ArgumentType> changed = new HashMap<>(types);
    changed.replaceAll(
        (name, type) ->
            type.arn()
                ? new ArgumentType(
                    type.oid() == type.base() ? madeUp : type.oid(),
                    type.name(),
                    madeUp,
                    type.category(),
                    type.preferred(),
                    type.implicitTargets(),
                    true)
                : type);
    return changed;
  }

  private static Map<Integer, Overload> overloads(WireClient client) throws IOException {
    Map<Integer, Overload> overloads = new HashMap<>();
    for (List<@Nullable String> row :
        rows(
            client,
            """
            SELECT p.oid, (SELECT string_agg(t.typname, ',' ORDER BY a.place)
              FROM unnest(p.proargtypes) WITH ORDINALITY AS a(type, place)
              JOIN pg_type t ON t.oid = a.type)
            FROM pg_proc p
            WHERE p.pronamespace = 'aws_lambda'::regnamespace
              OR p.oid = 'aws_commons.create_lambda_function_arn'::regproc
            """)) {
      overloads.put(
          Integer.valueOf(Objects.requireNonNull(row.get(0))),
          Objects.requireNonNull(SIGNATURES.get(row.get(1)), row.toString()));
    }
    assertThat(overloads.values()).containsExactlyInAnyOrder(Overload.values());
    return overloads;
  }

  /** What the server says: the function and its arguments' places, or the error. */
  private static String outcome(
      List<BackendMessage> messages, Map<Integer, Overload> overloads, int arguments) {
    for (BackendMessage message : messages) {
      if (message instanceof ErrorResponse error) {
        ErrorFields fields = error.fields();
        return "%s %s D=%s H=%s P=%s"
            .formatted(
                error.sqlState(),
                error.message(),
                fields.get(ErrorFields.DETAIL),
                fields.get(ErrorFields.HINT),
                fields.get(ErrorFields.POSITION));
      }
      if (message instanceof NoticeResponse notice) {
        return outcome(
            String.valueOf(notice.fields().get(ErrorFields.DETAIL)), overloads, arguments);
      }
    }
    return messages.toString();
  }

  private static String outcome(String tree, Map<Integer, Overload> overloads, int arguments) {
    Overload overload =
        FUNCTION
            .matcher(tree)
            .results()
            .map(found -> overloads.get(Integer.valueOf(found.group(1))))
            .filter(Objects::nonNull)
            .findFirst()
            .orElse(null);
    List<Integer> named = new ArrayList<>();
    for (Matcher matcher = PLACE.matcher(tree); matcher.find(); ) {
      named.add(Integer.valueOf(matcher.group(1)));
    }
    List<Integer> places = new ArrayList<>();
    for (int place = 0; place < arguments - named.size(); place++) {
      places.add(place);
    }
    places.addAll(named);
    return overload == null ? tree : overload + " " + places;
  }

  /** What the proxy says. */
  private static String outcome(
      WrittenCall call, Map<String, ArgumentType> types, WrittenCall.Statement statement) {
    Resolution resolution = OverloadResolution.resolve(call.function(), call.seen(types));
    if (resolution instanceof Match resolved) {
      return resolved.overload() + " " + resolved.places();
    }
    Unresolved unresolved = (Unresolved) resolution;
    Integer argument = unresolved.argument();
    int position =
        argument == null
            ? statement.functionPosition()
            : statement.argumentPositions().get(argument);
    return unresolved.error().sqlState()
        + " "
        + unresolved.error().message()
        + " D="
        + unresolved.error().detail()
        + " H="
        + unresolved.error().hint()
        + " P="
        + position;
  }
}
