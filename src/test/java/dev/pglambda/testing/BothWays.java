package dev.pglambda.testing;

import static dev.pglambda.testing.Awaiting.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.StartException;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.BackendKeyData;
import dev.pglambda.protocol.BackendMessage.NotificationResponse;
import dev.pglambda.protocol.FrontendMessage.FunctionCall;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A server that is reached directly and through the proxy: a conversation is held both ways, each
 * with an empty database of its own, and every message that the server sent must be equal.
 */
public final class BothWays implements AutoCloseable {
  /** Types whose letter is not what the message's name says. */
  private static final Map<String, String> LETTERS =
      Map.ofEntries(
          Map.entry("FunctionCallResponse", "V"),
          Map.entry("Authentication", "R"),
          Map.entry("ParameterStatus", "S"),
          Map.entry("BackendKeyData", "K"),
          Map.entry("NegotiateProtocolVersion", "v"),
          Map.entry("RowDescription", "T"),
          Map.entry("DataRow", "D"),
          Map.entry("CommandComplete", "C"),
          Map.entry("EmptyQueryResponse", "I"),
          Map.entry("ErrorResponse", "E"),
          Map.entry("NoticeResponse", "N"),
          Map.entry("NotificationResponse", "A"),
          Map.entry("ParseComplete", "1"),
          Map.entry("BindComplete", "2"),
          Map.entry("CloseComplete", "3"),
          Map.entry("NoData", "n"),
          Map.entry("PortalSuspended", "s"),
          Map.entry("ParameterDescription", "t"),
          Map.entry("CopyInResponse", "G"),
          Map.entry("CopyOutResponse", "H"),
          Map.entry("CopyBothResponse", "W"),
          Map.entry("CopyData", "d"),
          Map.entry("CopyDone", "c"));

  /** Those that are not of the system's own, which depend on what was made before. */
  private static final Pattern OID_OF_A_TABLE = Pattern.compile("tableOid=\\d{5,}");

  /** It moves by itself. */
  private static final Pattern WAL_POSITION =
      Pattern.compile("of this server \\p{XDigit}+/\\p{XDigit}+");

  private final PostgresServer postgres;
  private final ProxyUnderTest proxy;
  private final String directDatabase;
  private final String proxiedDatabase;

  private BothWays(String version) {
    postgres = PostgresServer.of(version);
    try {
      proxy = ProxyUnderTest.start(postgres, "--sample-functions", "on");
      directDatabase = postgres.createDatabase();
      proxiedDatabase = postgres.createDatabase();
    } catch (IOException | StartException | SQLException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** One for each version whose protocol differs, started when it is its turn. */
  public static Stream<BothWays> ofVersions() {
    return Stream.of("12", "15", "18").map(BothWays::new);
  }

  /** One for the newest version, for what does not depend on versions. */
  public static Stream<BothWays> ofNewestVersion() {
    return Stream.of("18").map(BothWays::new);
  }

  /** What a client says, and when it reads. */
  public interface Script {
    void run(Conversation conversation) throws Exception;
  }

  /** One of the two conversations. */
  public static final class Conversation implements AutoCloseable {
    private final List<@Nullable BackendMessage> received = new ArrayList<>();
    private final WireClient client;

    private Conversation(WireClient client) {
      this.client = client;
    }

    public WireClient client() {
      return client;
    }

    /** Sends what is pending and reads so many messages. */
    public Conversation read(int count) throws IOException {
      for (int i = 0; i < count; i++) {
        receive();
      }
      return this;
    }

    /** Sends what is pending and reads up to and including ReadyForQuery, or to the end. */
    public Conversation readUntilReady() throws IOException {
      BackendMessage message = receive();
      while (message != null && !(message instanceof BackendMessage.ReadyForQuery)) {
        message = receive();
      }
      return this;
    }

    /** Reads up to ReadyForQuery and says true, or to the end. */
    public boolean readToReadyOrError() throws IOException {
      readUntilReady();
      return received.get(received.size() - 1) != null;
    }

    /** Sends what is pending and reads to the end. */
    public Conversation readToEnd() throws IOException {
      while (receive() != null) {
        // all of it counts
      }
      return this;
    }

    /** Reads up to ReadyForQuery, and leaves out COPY data: how much of it comes differs. */
    public Conversation readUntilReadyWithoutCopyData() throws IOException {
      BackendMessage message = client.read();
      while (message != null && !(message instanceof BackendMessage.ReadyForQuery)) {
        if (!(message instanceof BackendMessage.CopyData)) {
          received.add(message);
        }
        message = client.read();
      }
      received.add(message);
      return this;
    }

    private @Nullable BackendMessage receive() throws IOException {
      BackendMessage message = client.read();
      received.add(message);
      return message;
    }

    private List<String> transcript() {
      return received.stream().map(Conversation::comparable).toList();
    }

    private static String comparable(@Nullable BackendMessage message) {
      if (message instanceof NotificationResponse notification) {
        return notification.channel() + "," + notification.payload();
      }
      if (message instanceof BackendKeyData key) {
        return "key of " + key.secretKey().remaining();
      }
      if (message instanceof BackendMessage.CopyData data) {
        return data.text();
      }
      String text = WAL_POSITION.matcher("" + message).replaceAll("of this server");
      return OID_OF_A_TABLE.matcher(text).replaceAll("tableOid=its own");
    }

    private String types() {
      return letters(received);
    }

    /** Its type byte; ReadyForQuery as its status, the end of the connection as a full stop. */
    private static String letter(@Nullable BackendMessage message) {
      if (message == null) {
        return ".";
      }
      if (message instanceof BackendMessage.ReadyForQuery ready) {
        return "<" + ready.status() + ">";
      }
      if (message instanceof BackendMessage.Unknown unknown) {
        return String.valueOf((char) unknown.type());
      }
      return LETTERS.getOrDefault(message.name(), "?");
    }

    @Override
    public void close() throws IOException {
      client.close();
    }
  }

  /**
   * The messages in few letters: ReadyForQuery is its status in angle brackets, a full stop is the
   * end of the connection.
   */
  public static String letters(List<@Nullable BackendMessage> messages) {
    return messages.stream().map(Conversation::letter).collect(Collectors.joining());
  }

  /** Holds a conversation both ways. */
  public Heard hold(Script script) throws Exception {
    try (WireClient client = connectDirectly();
        WireClient proxied = connect()) {
      return hold(client, proxied, script);
    }
  }

  /** Holds a conversation both ways, from the first byte of the connection. */
  public Heard holdFromTheStart(Script script) throws Exception {
    try (WireClient client = WireClient.open(postgres.host(), postgres.port());
        WireClient proxied = WireClient.open(proxy.host(), proxy.port())) {
      return hold(client, proxied, script);
    }
  }

  private static Heard hold(WireClient direct, WireClient proxied, Script script) throws Exception {
    Conversation expected = new Conversation(direct);
    script.run(expected);
    Conversation actual = new Conversation(proxied);
    script.run(actual);
    assertThat(actual.transcript()).isEqualTo(expected.transcript());
    return new Heard(expected.types(), expected.received);
  }

  /**
   * What the server said, both ways.
   *
   * @param types letters of the messages; ReadyForQuery is its status in angle brackets, a full
   *     stop is the end of the connection
   */
  public record Heard(String types, List<@Nullable BackendMessage> messages) {
    /** SQLSTATEs of the errors. */
    public List<@Nullable String> sqlStates() {
      List<@Nullable String> states = new ArrayList<>();
      for (BackendMessage message : messages) {
        if (message instanceof BackendMessage.ErrorResponse error) {
          states.add(error.sqlState());
        }
      }
      return states;
    }

    /** Tags of the commands that were completed. */
    public List<String> tags() {
      List<String> tags = new ArrayList<>();
      for (BackendMessage message : messages) {
        if (message instanceof BackendMessage.CommandComplete complete) {
          tags.add(complete.tag());
        }
      }
      return tags;
    }
  }

  /** A session through the proxy. */
  public WireClient connect() throws IOException {
    return WireClient.connect(proxy.host(), proxy.port(), postgres.user(), proxiedDatabase, null);
  }

  /** A session through the proxy with a database that others use, too. */
  public WireClient connectTo(String database) throws IOException {
    return WireClient.connect(proxy.host(), proxy.port(), postgres.user(), database, null);
  }

  /** A session with the server. */
  public WireClient connectDirectly() throws IOException {
    return WireClient.connect(
        postgres.host(), postgres.port(), postgres.user(), directDatabase, null);
  }

  /** Waits until a query returns no row. */
  public static void awaitNothing(WireClient client, String query) {
    await("no row: " + query)
        .until(
            () -> client.query(query).readUntilReady(),
            answer -> answer.stream().noneMatch(BackendMessage.DataRow.class::isInstance));
  }

  public PostgresServer postgres() {
    return postgres;
  }

  public ProxyUnderTest proxy() {
    return proxy;
  }

  public int majorVersion() {
    return postgres.majorVersion();
  }

  @Override
  public void close() {
    proxy.close();
  }

  /** A FunctionCall with one argument and a result, both text. */
  public static FunctionCall functionCall(int oid, String argument) {
    return new FunctionCall(oid, List.of(), List.of(UTF_8.encode(argument)), 0);
  }

  /** For the names of the tests. */
  @Override
  public String toString() {
    return "PostgreSQL " + majorVersion();
  }
}
