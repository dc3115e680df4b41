package dev.pglambda.client.direct;

import static dev.pglambda.client.direct.ConversationTexts.ALONE;
import static dev.pglambda.client.direct.ConversationTexts.PLAIN;
import static dev.pglambda.client.direct.ConversationTexts.READ;
import static dev.pglambda.client.direct.ConversationTexts.READING;
import static dev.pglambda.client.direct.ConversationTexts.SETTINGS;
import static dev.pglambda.client.direct.ConversationTexts.TRANSACTION;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.client.direct.RandomCalls.Statement;
import dev.pglambda.client.direct.RandomExpressions.Kind;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.testing.WireClient;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * What a client says in one session that calls Lambda, made up at random and the same for the same
 * seed.
 */
final class RandomCallConversation {
  private final Random random;
  private final RandomCalls calls;
  private final boolean installed;
  private final boolean transactions;
  private final List<ConversationStep> steps = new ArrayList<>();
  private ConversationStep step = new ConversationStep();

  RandomCallConversation(long seed) {
    random = new Random(seed);
    installed = random.nextInt(4) == 0;
    transactions = random.nextBoolean();
    calls = new RandomCalls(random, installed);
    query("CREATE TEMP TABLE passing (code int, reply text)");
    if (random.nextBoolean()) {
      endStep();
    }
    for (int i = 3 + random.nextInt(8); i > 0; i--) {
      unit();
      endStep();
    }
  }

  /** Whether it says what only the extension understands. */
  boolean needsExtension() {
    return installed;
  }

  List<ConversationStep> steps() {
    return steps;
  }

  private void endStep() {
    if (step.answers() > 0) {
      steps.add(step);
      step = new ConversationStep();
    }
  }

  private String pick(String[] values) {
    return values[random.nextInt(values.length)];
  }

  private void unit() {
    switch (random.nextInt(18)) {
      case 0, 1, 2, 3 -> query(calls.next(false).sql());
      case 4, 5 -> severalStatements();
      case 6, 7, 8 -> {
        once(calls.next(true));
        sync();
      }
      case 9, 10 -> repeatedly();
      case 11 -> portals();
      case 12 -> pipeline();
      case 13 -> plain(pick(PLAIN));
      case 14 -> plain(pick(transactions ? TRANSACTION : PLAIN));
      case 15 -> queries();
      case 16 -> plain(pick(READ));
      default -> plain(random.nextInt(3) == 0 ? pick(SETTINGS) : pick(ALONE));
    }
  }

  private void plain(String sql) {
    if (random.nextInt(3) > 0) {
      query(sql);
    } else {
      once(new Statement(sql, List.of()));
      sync();
    }
  }

  /** In one text, with calls in some of them. */
  private void severalStatements() {
    List<String> texts = new ArrayList<>();
    for (int i = 2 + random.nextInt(3); i > 0; i--) {
      texts.add(
          switch (random.nextInt(6)) {
            case 0 -> pick(PLAIN);
            case 1 -> installed ? pick(ALONE) : pick(PLAIN);
            case 2 -> pick(transactions ? TRANSACTION : PLAIN);
            default -> calls.next(false).sql().replaceFirst(";$", "");
          });
    }
    query(String.join(random.nextBoolean() ? "; " : "\n;\n", texts));
  }

  /** Several Queries, without waiting for their answers. */
  private void queries() {
    for (int i = 2 + random.nextInt(4); i > 0; i--) {
      query(
          switch (random.nextInt(6)) {
            case 0 -> pick(PLAIN);
            case 1 -> pick(transactions ? TRANSACTION : PLAIN);
            case 2 -> pick(READING);
            case 3, 4 -> pick(READ);
            default -> calls.next(false).sql();
          });
    }
  }

  /** Several statements and one Sync. */
  private void pipeline() {
    for (int i = 2 + random.nextInt(4); i > 0; i--) {
      once(
          switch (random.nextInt(8)) {
            case 0 -> new Statement(pick(PLAIN), List.of());
            case 1 -> new Statement(pick(transactions ? TRANSACTION : PLAIN), List.of());
            case 2 -> new Statement(pick(READING), List.of());
            case 3, 4 -> new Statement(pick(READ), List.of());
            default -> calls.next(true);
          });
      if (random.nextInt(8) == 0) {
        sync();
      }
      if (random.nextInt(6) == 0) {
        step.add("Flush", WireClient::flush);
      }
    }
    sync();
  }

  /** Parse, Bind, perhaps Describe, Execute. */
  private void once(Statement statement) {
    parse("", statement);
    if (random.nextInt(3) == 0) {
      describe(FrontendMessage.STATEMENT, "");
    }
    bind("", "", statement);
    if (random.nextBoolean()) {
      describe(FrontendMessage.PORTAL, "");
    }
    execute("", random.nextInt(6) == 0 ? 1 : 0);
    if (random.nextInt(6) == 0) {
      execute("", random.nextInt(3));
    }
  }

  /** A statement is prepared once and executed with other parameters. */
  private void repeatedly() {
    Statement statement = calls.next(true);
    while (statement.sql().regionMatches(true, 0, "create", 0, 6)) {
      statement = calls.next(true); // before PostgreSQL 14 a table that exists is seen too late
    }
    String name = random.nextInt(4) == 0 ? "" : "s";
    if (!name.isEmpty()) {
      close(FrontendMessage.STATEMENT, name);
    }
    parse(name, statement);
    if (random.nextBoolean()) {
      describe(FrontendMessage.STATEMENT, name);
    }
    if (random.nextBoolean()) {
      sync();
      endStep();
    }
    for (int i = 1 + random.nextInt(random.nextInt(4) == 0 ? 8 : 3); i > 0; i--) {
      String portal = random.nextInt(4) == 0 ? "p" : "";
      bind(portal, name, statement);
      if (random.nextInt(3) == 0) {
        describe(FrontendMessage.PORTAL, portal);
      }
      execute(portal, random.nextInt(5) == 0 ? 2 : 0);
      if (!portal.isEmpty()) {
        close(FrontendMessage.PORTAL, portal);
      }
      if (random.nextBoolean()) {
        sync();
        endStep();
      }
    }
    sync();
  }

  /** Portals are executed in turns, a few rows at a time. */
  private void portals() {
    Statement first = inTurns();
    Statement second = inTurns();
    query("BEGIN");
    close(FrontendMessage.STATEMENT, "a");
    close(FrontendMessage.STATEMENT, "b");
    parse("a", first);
    parse("b", second);
    bind("pa", "a", first);
    bind("pb", "b", second);
    for (int i = 1 + random.nextInt(5); i > 0; i--) {
      execute(random.nextBoolean() ? "pa" : "pb", random.nextInt(4));
      if (random.nextInt(3) == 0) {
        sync();
      }
    }
    if (random.nextInt(3) == 0) {
      close(FrontendMessage.PORTAL, "pa");
      execute("pa", 0);
    }
    sync();
    query(random.nextInt(3) == 0 ? "COMMIT" : "ROLLBACK");
  }

  /** PostgreSQL keeps an empty portal of what it could not plan. */
  private Statement inTurns() {
    Statement statement = calls.next(true);
    while (statement.sql().contains("1 / 0")) {
      statement = calls.next(true);
    }
    return statement;
  }

  // ---- messages

  private void query(String sql) {
    step.add("Query: " + sql, client -> client.query(sql)).answered();
  }

  private void sync() {
    step.add("Sync", WireClient::sync).answered();
  }

  /** With the types of the parameters, or some of them, or none. */
  private void parse(String name, Statement statement) {
    int[] oids = new int[0];
    if (random.nextInt(3) == 0) {
      oids = statement.parameters().stream().mapToInt(Kind::oid).toArray();
      if (random.nextBoolean()) {
        oids = Arrays.copyOf(oids, random.nextInt(oids.length + 1));
      }
      for (int i = 0; i < oids.length; i++) {
        int choice = random.nextInt(20);
        oids[i] = choice == 0 && oids.length == 1 ? 23 : choice < 4 ? 0 : oids[i];
      }
    }
    int[] types = oids;
    step.add(
        "Parse %s %s: %s".formatted(name, Arrays.toString(types), statement.sql()),
        client -> client.parse(name, statement.sql(), types));
  }

  private void bind(String portal, String name, Statement statement) {
    List<@Nullable String> values = new ArrayList<>();
    List<Integer> formats = new ArrayList<>();
    boolean binary = random.nextInt(3) == 0;
    for (Kind kind : statement.parameters()) {
      values.add(kind.value(random));
      formats.add(binary && random.nextBoolean() ? 1 : 0);
    }
    if (random.nextInt(60) == 0) {
      values.add("surplus");
      formats.add(0);
    }
    List<Integer> results =
        switch (random.nextInt(5)) {
          case 0 -> List.of(1);
          case 1 -> List.of(0);
          case 2 ->
              !statement.sql().contains("1 / 0") && random.nextInt(4) == 0
                  ? List.of(0, 1)
                  : List.of();
          default -> List.of();
        };
    Bind bind = bind(portal, name, statement, binary ? formats : List.of(), values, results);
    step.add(
        "Bind %s %s %s %s: %s".formatted(portal, name, binary ? formats : "", results, values),
        client -> client.send(bind));
  }

  private static Bind bind(
      String portal,
      String name,
      Statement statement,
      List<Integer> formats,
      List<@Nullable String> values,
      List<Integer> results) {
    List<@Nullable ByteBuffer> parameters = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      String value = values.get(i);
      boolean binary = !formats.isEmpty() && formats.get(i) == FrontendMessage.BINARY_FORMAT;
      if (value == null) {
        parameters.add(null);
      } else {
        parameters.add(binary ? ByteBuffer.wrap(binary(statement, i, value)) : UTF_8.encode(value));
      }
    }
    return new Bind(portal, name, formats, parameters, results);
  }

  /** The binary format of jsonb is its text behind a number. */
  private static byte[] binary(Statement statement, int index, String value) {
    Kind kind = statement.parameters().get(index);
    boolean jsonb =
        kind.equals(Kind.JSON) && statement.sql().contains("$" + (index + 1) + "::jsonb");
    return kind.binary(jsonb ? '\u0001' + value : value);
  }

  private void describe(char kind, String name) {
    step.add(
        "Describe " + kind + " " + name,
        client -> {
          if (kind == FrontendMessage.STATEMENT) {
            client.describeStatement(name);
          } else {
            client.describePortal(name);
          }
        });
  }

  private void execute(String portal, int maxRows) {
    step.add("Execute " + portal + " " + maxRows, client -> client.execute(portal, maxRows));
  }

  private void close(char kind, String name) {
    step.add(
        "Close " + kind + " " + name,
        client -> {
          if (kind == FrontendMessage.STATEMENT) {
            client.closeStatement(name);
          } else {
            client.closePortal(name);
          }
        });
  }
}
