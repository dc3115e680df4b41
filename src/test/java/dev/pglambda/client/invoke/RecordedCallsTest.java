package dev.pglambda.client.invoke;

import static dev.pglambda.testing.Awaiting.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.LogCapture;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.ReceivedRequest;
import dev.pglambda.testing.Reply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a whole proxy writes of calls: into its file, and into its log. */
class RecordedCallsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CALL = "SELECT status_code FROM aws_lambda.invoke(?, ?::json)";

  @TempDir private Path directory;

  private Path file() {
    return directory.resolve("calls.jsonl");
  }

  private LambdaDatabase start(String... arguments) {
    List<String> versions = PostgresServer.versions();
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--journal-file", file().toString()));
    return LambdaDatabase.of(versions.get(versions.size() - 1), all.toArray(String[]::new));
  }

  private List<JsonNode> calls() throws IOException {
    List<JsonNode> calls = new ArrayList<>();
    for (String line : Files.readAllLines(file())) {
      calls.add(JSON.readTree(line));
    }
    return calls;
  }

  @Test
  void hasEachOfTenThousandCallsFromATriggerOnce() throws Exception {
    // given
    LambdaDatabase database = start();
    database.lambda().on("notify", Reply.echo());
    try (Connection connection = database.connect()) {
      Queries.execute(
          connection,
          "CREATE TABLE orders (id int, item text)",
          """
          CREATE FUNCTION notify() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            PERFORM * FROM aws_lambda.invoke('notify', to_json(NEW), invocation_type => 'Event');
            RETURN NEW;
          END $$
          """,
          "CREATE TRIGGER notify AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION notify()",
          "INSERT INTO orders SELECT n, 'item \u00e4 ' || n FROM generate_series(1, 10000) AS n");
    }
    List<String> sent =
        database.lambda().requests().stream().map(ReceivedRequest::text).sorted().toList();

    // when
    database.close();

    // then
    List<JsonNode> calls = calls();
    assertThat(calls).extracting(call -> call.get("payload").textValue()).hasSize(10_000);
    assertThat(calls.stream().map(call -> call.get("payload").textValue()).sorted())
        .containsExactlyElementsOf(sent);
    assertThat(calls)
        .extracting(call -> call.get("id").intValue())
        .containsExactlyElementsOf(IntStream.rangeClosed(1, 10_000).boxed().toList());
    assertThat(calls)
        .allMatch(call -> call.get("outcome").textValue().equals("ok"))
        .allMatch(call -> call.get("status_code").intValue() == 202);
  }

  @Test
  void hasNoSecrets() throws Exception {
    // given
    String key = "AKIAPLANTED000000000";
    String keySecret = "plantedSecretAccessKey+/0000000000000000";
    String callbackSecret = "planted callback secret of 40 octets ....";
    String adminToken = "planted-admin-token-0000";
    String password = "planted-password-of-the-client";
    List<String> secrets =
        new ArrayList<>(List.of(key, keySecret, callbackSecret, adminToken, password));
    System.setProperty("aws.accessKeyId", key);
    System.setProperty("aws.secretAccessKey", keySecret);
    try (LogCapture log = LogCapture.ofProxy().at(Level.INFO)) {
      LambdaDatabase database =
          start(
              "--callback-secret",
              callbackSecret,
              "--admin-token",
              adminToken,
              "--log-calls",
              "on");
      try (database) {
        // when
        secrets.addAll(call(database, password));
      }

      // then
      assertThat(database.lambda().requests().get(0).accessKeyId()).isEqualTo(key);
      String file = Files.readString(file(), UTF_8);
      String lines = String.join("\n", log.lines());
      assertThat(calls())
          .extracting(call -> call.get("outcome").textValue())
          .contains("ok", "error");
      assertThat(lines).contains(" #1 f RequestResponse ", "200");
      assertThat(secrets)
          .allSatisfy(secret -> assertThat(file).doesNotContain(secret))
          .allSatisfy(secret -> assertThat(lines).doesNotContain(secret));
    } finally {
      System.clearProperty("aws.accessKeyId");
      System.clearProperty("aws.secretAccessKey");
    }
  }

  /** By a callback and directly, well and badly; returns the secrets that the server has. */
  private static List<String> call(LambdaDatabase database, String password) throws Exception {
    database.lambda().on("f", Reply.json("1"));
    database.lambda().on("failing", Reply.functionError("{\"errorMessage\": \"no\"}"));
    PostgresServer postgres = database.postgres();
    String role = "recorded_caller";
    postgres.execute("DROP ROLE IF EXISTS " + role);
    postgres.createRole(role, password, "scram-sha-256");
    try (Connection owner = database.connect()) {
      Queries.execute(
          owner,
          "GRANT USAGE ON SCHEMA aws_lambda TO " + role,
          "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_lambda TO " + role);
      postgres.setHba("host all " + role + " all scram-sha-256");
      try (Connection connection = database.proxy().connect(database.name(), role, password, "")) {
        Queries.row(connection, CALL, "f", "{}");
        Queries.execute(
            connection,
            "ALTER ROLE "
                + role
                + " PASSWORD '"
                + password
                + "'; SELECT aws_lambda.invoke('f', '{}'::json)");
        for (String failing : List.of("failing", "no-such-function", "")) {
          Queries.error(
              connection, "SELECT * FROM aws_lambda.invoke('" + failing + "', '{}'::json)");
        }
        List<String> secrets = new ArrayList<>();
        secrets.add(Queries.row(connection, "SHOW pglambda.callback"));
        secrets.addAll(
            List.of(
                Queries.row(
                        owner,
                        "SELECT link_password, encode(ipad, 'hex'), encode(opad, 'hex'),"
                            + " encode(callback_ipad, 'hex') FROM pglambda.settings")
                    .split("\\|")));
        Queries.execute(owner, "DROP OWNED BY " + role, "DROP ROLE " + role);
        return secrets;
      } finally {
        postgres.resetHba();
      }
    }
  }

  @Test
  void hasThreadsOnlyForWhatIsAskedFor() throws Exception {
    List<String> versions = PostgresServer.versions();
    LambdaDatabase silent = LambdaDatabase.of(versions.get(0), "--log-calls", "off");
    silent.lambda().on("f", Reply.json("1"));
    try (silent;
        Connection connection = silent.connect()) {
      Queries.row(connection, CALL, "f", "{}");
      assertThat(threads()).isEmpty();
    }
    LambdaDatabase asked = start("--log-calls", "on");
    asked.lambda().on("f", Reply.json("1"));
    try (asked;
        Connection connection = asked.connect()) {
      Queries.row(connection, CALL, "f", "{}");
      assertThat(threads()).containsExactlyInAnyOrder("journal-file", "call-lines");
    }
    await("they have ended").until(() -> threads().isEmpty());
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(thread -> thread.getName().replaceAll("-\\d+-\\d+$", ""))
        .filter(name -> name.matches("journal-file|call-lines"))
        .toList();
  }
}
