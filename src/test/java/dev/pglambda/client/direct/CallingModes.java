package dev.pglambda.client.direct;

import static java.util.Locale.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.NoticeResponse;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.testing.BothWays;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.ReceivedRequest;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A conversation is held twice: where the extension serves the calls, and where the proxy does.
 * Every message of the server must be equal, but for where in the source an error comes from, and
 * so must be what Lambda is asked.
 */
final class CallingModes implements AutoCloseable {
  /** Calls the function $1 with $2, see {@link #prepareFunctions()}. */
  static final String CALL = "SELECT status_code, payload FROM aws_lambda.invoke($1, $2::json)";

  private static final Pattern OID_OF_A_TABLE = Pattern.compile("tableOid=\\d{5,}");

  /** Who serves the calls. */
  enum Mode {
    /** The extension is installed. */
    EXTENSION,
    /** The extension is installed, and the proxy serves directly what it can. */
    ALWAYS,
    /** The extension is not installed. */
    ABSENT;

    LambdaDatabase database(String version) {
      return switch (this) {
        case EXTENSION -> LambdaDatabase.of(version);
        case ALWAYS -> LambdaDatabase.of(version, "--direct-calls", "always");
        case ABSENT -> LambdaDatabase.withoutExtension(version);
      };
    }
  }

  private final Mode mode;
  private final LambdaDatabase extension;
  private final LambdaDatabase direct;

  private CallingModes(Mode mode, String version) {
    this.mode = mode;
    extension = Mode.EXTENSION.database(version);
    direct = mode.database(version);
  }

  /** Both ways of direct calls on the oldest and the newest version. */
  static Stream<CallingModes> ofOldestAndNewestVersion() {
    return LambdaDatabase.oldestAndNewestVersion()
        .flatMap(
            version ->
                Stream.of(Mode.ALWAYS, Mode.ABSENT).map(mode -> new CallingModes(mode, version)));
  }

  /** A database whose calls are served in a mode. */
  record Served(Mode mode, LambdaDatabase database) implements AutoCloseable {
    @Override
    public void close() {
      database.close();
    }

    /** For the names of the tests. */
    @Override
    public String toString() {
      return database + ", " + mode.name().toLowerCase(ROOT);
    }
  }

  /** One in each mode, on the newest version. */
  static Stream<Served> ofNewestVersion() {
    String version =
        LambdaDatabase.oldestAndNewestVersion().reduce((first, last) -> last).orElseThrow();
    return Stream.of(Mode.values()).map(mode -> new Served(mode, mode.database(version)));
  }

  /** What a client says, and when it reads. */
  interface Script {
    void run(Conversation conversation) throws Exception;
  }

  /** Says what both functions do. */
  void on(String functionName, Reply reply) {
    extension.lambda().on(functionName, reply);
    direct.lambda().on(functionName, reply);
  }

  /** The functions {@code echo}, {@code failing} and {@code held}, and an empty table. */
  void prepareFunctions() throws SQLException {
    on("echo", Reply.echo());
    on("failing", Reply.functionError("{\"errorMessage\": \"no\"}"));
    on("held", Reply.echo().held());
    prepare("CREATE TABLE IF NOT EXISTS kept (n int PRIMARY KEY, reply json)");
    prepare("TRUNCATE kept");
  }

  /** Executes a statement in both databases, on connections without the proxy. */
  void prepare(String sql) throws SQLException {
    for (LambdaDatabase database : List.of(extension, direct)) {
      try (Connection connection = database.connectDirectly()) {
        Queries.execute(connection, sql);
      }
    }
  }

  /** The rows of a query, the same in both databases. */
  List<String> rows(String sql) throws SQLException {
    try (Connection expected = extension.connectDirectly();
        Connection actual = direct.connectDirectly()) {
      List<String> rows = Queries.rows(expected, sql);
      assertThat(Queries.rows(actual, sql)).isEqualTo(rows);
      return rows;
    }
  }

  /** Holds a conversation both ways. */
  Heard hold(Script script) throws Exception {
    Conversation expected = hold(extension, script);
    Conversation actual = hold(direct, script);
    assertThat(actual.transcript()).isEqualTo(expected.transcript());
    return expected.heard();
  }

  /** Holds a conversation only where the proxy serves the calls. */
  Heard holdDirectly(Script script) throws Exception {
    return hold(direct, script).heard();
  }

  private static Conversation hold(LambdaDatabase database, Script script) throws Exception {
    FakeLambdaEndpoint lambda = database.lambda();
    try (WireClient client =
        WireClient.connect(
            database.proxy().host(),
            database.proxy().port(),
            database.postgres().user(),
            database.name(),
            null)) {
      Conversation conversation = new Conversation(database, client);
      script.run(conversation);
      conversation.requests.addAll(
          lambda.requests().subList(conversation.requestsBefore, lambda.requests().size()));
      return conversation;
    }
  }

  /** One of the two conversations. */
  static final class Conversation {
    private final List<@Nullable BackendMessage> received = new ArrayList<>();
    private final List<ReceivedRequest> requests = new ArrayList<>();
    private final LambdaDatabase database;
    private final WireClient client;
    private final FakeLambdaEndpoint lambda;
    private final int requestsBefore;

    private Conversation(LambdaDatabase database, WireClient client) {
      this.database = database;
      this.client = client;
      this.lambda = database.lambda();
      this.requestsBefore = lambda.requests().size();
    }

    WireClient client() {
      return client;
    }

    FakeLambdaEndpoint lambda() {
      return lambda;
    }

    /** The rows of a query in another session, without the proxy. */
    List<String> elsewhere(String sql) throws SQLException {
      try (Connection connection = database.connectDirectly()) {
        return Queries.rows(connection, sql);
      }
    }

    /** How many requests there have been since the conversation began. */
    int requestsSoFar() {
      return lambda.requests().size() - requestsBefore;
    }

    /** Sends what is pending and waits until so many requests of the conversation have come. */
    void awaitRequests(int count) throws IOException, InterruptedException {
      client.flushOut();
      lambda.awaitRequests(requestsBefore + count);
    }

    /** Sends what is pending and reads so many messages. */
    Conversation read(int count) throws IOException {
      for (int i = 0; i < count; i++) {
        received.add(client.read());
      }
      return this;
    }

    /** Sends what is pending and reads up to and including ReadyForQuery, or to the end. */
    Conversation readUntilReady() throws IOException {
      BackendMessage message;
      do {
        message = client.read();
        received.add(message);
      } while (message != null && !(message instanceof ReadyForQuery));
      return this;
    }

    /** The same for so many answers. */
    Conversation readUntilReady(int answers) throws IOException {
      for (int i = 0; i < answers; i++) {
        readUntilReady();
      }
      return this;
    }

    private List<String> payloads() {
      return requests.stream().map(ReceivedRequest::text).toList();
    }

    private List<String> transcript() {
      List<String> lines = new ArrayList<>();
      for (BackendMessage message : received) {
        lines.add(comparable(message));
      }
      for (ReceivedRequest request : requests) {
        lines.add("request: " + request.functionName() + " " + request.text());
      }
      return lines;
    }

    private static String comparable(@Nullable BackendMessage message) {
      if (message instanceof ErrorResponse error) {
        return "ErrorResponse" + withoutSource(error.fields().asMap());
      }
      if (message instanceof NoticeResponse notice) {
        return "NoticeResponse" + withoutSource(notice.fields().asMap());
      }
      return OID_OF_A_TABLE.matcher("" + message).replaceAll("tableOid=its own");
    }

    /** Nor has the end of a session a context, if the proxy serves the call. */
    private static Map<Character, String> withoutSource(Map<Character, String> fields) {
      Map<Character, String> others = new LinkedHashMap<>(fields);
      others.keySet().removeAll(List.of('F', 'L', 'R'));
      if ("FATAL".equals(others.get('V'))) {
        others.remove('W');
      }
      return others;
    }

    private Heard heard() {
      return new Heard(BothWays.letters(received), payloads(), received);
    }
  }

  /**
   * What the server said and Lambda was asked, both ways.
   *
   * @param types letters of the messages, see {@link BothWays#letters}
   * @param payloads of the requests
   */
  record Heard(String types, List<String> payloads, List<@Nullable BackendMessage> messages) {
    /** SQLSTATEs of the errors. */
    List<@Nullable String> sqlStates() {
      List<@Nullable String> states = new ArrayList<>();
      for (BackendMessage message : messages) {
        if (message instanceof ErrorResponse error) {
          states.add(error.sqlState());
        }
      }
      return states;
    }

    /** The messages of a type. */
    <T extends BackendMessage> List<T> only(Class<T> type) {
      return messages.stream().filter(type::isInstance).map(type::cast).toList();
    }
  }

  @Override
  public void close() {
    extension.close();
    direct.close();
  }

  /** For the names of the tests. */
  @Override
  public String toString() {
    return direct + ", " + mode.name().toLowerCase(ROOT);
  }
}
