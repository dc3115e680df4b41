package dev.pglambda.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.CopyInResponse;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.CopyData;
import dev.pglambda.protocol.FrontendMessage.CopyDone;
import dev.pglambda.protocol.FrontendMessage.CopyFail;
import dev.pglambda.protocol.FrontendMessage.Describe;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.protocol.FrontendMessage.Terminate;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import dev.pglambda.testing.ScriptedServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class ConformanceRunnerTest {
  private static final String STEP =
      """
      > SELECT a
      < RowDescription a:text
      < DataRow 1
      < CommandComplete SELECT 1
      < ReadyForQuery I
      """;
  private static final String SELECT = "title: One row\n" + STEP;

  private final List<FrontendMessage> received = new CopyOnWriteArrayList<>();
  private final FakeEndpoint endpoint = new FakeEndpoint();

  @Test
  void acceptsTheExpectedAnswerInBothProtocols() throws Exception {
    run(SELECT, this::oneRow);

    assertThat(received)
        .containsExactly(
            new Query("SELECT a"),
            new Parse("", "SELECT a", List.of()),
            bind(FrontendMessage.TEXT_FORMAT),
            Describe.portal(""),
            new Execute("", 0),
            new Sync());
  }

  private static Bind bind(int resultFormat) {
    return new Bind("", "", List.of(), List.of(), List.of(resultFormat));
  }

  @Test
  void asksForBinaryResults() throws Exception {
    run("title: t\nprotocol: extended\nresults: both\n" + STEP, this::oneRow);

    assertThat(received)
        .contains(bind(FrontendMessage.TEXT_FORMAT), bind(FrontendMessage.BINARY_FORMAT))
        .hasSize(10);
  }

  @Test
  void sendsWhatIsCopied() throws Exception {
    String step = "> COPY t FROM STDIN\n< CopyInResponse\n";

    run("title: t\n" + step + "copy: a\ncopy: b\n< ReadyForQuery I\n", this::copyIn);
    run("title: t\nprotocol: simple\n" + step + "copy-fail: no\n< ReadyForQuery I\n", this::copyIn);
    run("title: t\nprotocol: simple\n" + step + "< ReadyForQuery I\n", this::copyIn);

    assertThat(received)
        .containsExactly(
            new CopyData(UTF_8.encode("a\nb\n")),
            new CopyDone(),
            new CopyData(UTF_8.encode("a\nb\n")),
            new CopyDone(),
            new CopyFail("no"),
            new CopyFail("a conformance case without data to copy"));
  }

  @Test
  void givesThePlainRoleItsGrantsAfterTheSetup() {
    List<String> startups = new CopyOnWriteArrayList<>();
    ScriptedServer.Script script =
        connection -> {
          StartupMessage startup = (StartupMessage) connection.readStartup();
          startups.add(Objects.requireNonNull(startup).user());
          connection.send(Authentication.ok()).ready('I');
          while (connection.read() instanceof Query query) {
            received.add(query);
            connection.complete("OK").ready('I');
          }
        };

    assertThatThrownBy(
            () ->
                run(
                    "title: t\nroles: plain\nsetup: first\nprotocol: simple\n> x\n< Closed\n",
                    script))
        .isInstanceOf(AssertionError.class);
    assertThat(received)
        .startsWith(new Query("first"))
        .contains(new Query("GRANT USAGE ON SCHEMA aws_lambda TO conformance_plain"))
        .endsWith(new Query("x"));
    assertThat(startups).hasSize(2);
    assertThat(startups.get(1)).isEqualTo("conformance_plain");
  }

  @Test
  void showsWhatDiffers() {
    String expected =
        SELECT.replace("DataRow 1", "DataRow 'other row'").replace("Query I", "Query T");

    assertThatThrownBy(() -> run(expected, this::oneRow))
        .isInstanceOf(AssertionError.class)
        .hasMessage(
            """
            test.case:2: One row
            simple, superuser, PostgreSQL 15 (- expected, + actual)
              SELECT a

                RowDescription a:text
              - DataRow 'other row'
              + DataRow 1
                CommandComplete SELECT 1
              - ReadyForQuery T
              + ReadyForQuery I
            """);
  }

  @Test
  void comparesOnlyTheNamedFieldsOfErrors() throws Exception {
    run("title: t\n> x\n< ErrorResponse C=42601 H=NULL\n< ReadyForQuery E\n", this::error);

    for (String field : List.of("C=42602", "M=~'x.*'", "H=*  D=''", "S=NULL")) {
      assertThatThrownBy(
              () ->
                  run(
                      "title: t\n> x\n< ErrorResponse " + field + "\n< ReadyForQuery E\n",
                      this::error))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("+ ErrorResponse S=ERROR V=ERROR C=42601 M='a message'");
    }
  }

  @Test
  void acceptsNoDetailHintContextOrPositionThatIsNotExpected() {
    TranscriptLine expected = ExpectationLine.parse("ErrorResponse C=42601").line();

    assertThat(expected.matches(errorWith("F"))).isTrue();
    for (String field : List.of("D", "H", "P", "p", "q", "W")) {
      assertThat(expected.matches(errorWith(field))).as(field).isFalse();
    }
  }

  private static TranscriptLine errorWith(String field) {
    return new TranscriptLine(
        "ErrorResponse", List.of(), Map.of("C", Value.of("42601"), field, Value.of("x")));
  }

  @Test
  void tellsNullFromText() throws Exception {
    ScriptedServer.Script script =
        connection -> {
          connection.acceptSession();
          connection.skipSeries();
          connection.row(Arrays.asList(null, "NULL", "", "x")).ready('I');
          connection.skipSeries();
        };

    run("title: t\n> x\n< DataRow NULL 'NULL' '' x\n< ReadyForQuery I\n", script);
    for (String row : List.of("'' 'NULL' '' x", "NULL NULL '' x", "NULL 'NULL' NULL x", "* * *")) {
      assertThatThrownBy(
              () -> run("title: t\n> x\n< DataRow " + row + "\n< ReadyForQuery I\n", script))
          .isInstanceOf(AssertionError.class);
    }
    run("title: t\n> x\n< DataRow * * * ~'[xy]'\n< ReadyForQuery I\n", script);
  }

  @Test
  void expectsTheEndOfTheSession() throws Exception {
    ScriptedServer.Script script =
        connection -> {
          connection.acceptSession();
          connection.skipSeries();
          connection.error("FATAL", "57P01", "bye");
        };

    run("title: t\n> x\n< ErrorResponse S=FATAL\n< Closed\n", script);
    assertThatThrownBy(
            () -> run("title: t\n> x\n< ErrorResponse S=FATAL\n< ReadyForQuery I\n", script))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("+ Closed");
  }

  @Test
  void comparesRequestsStepByStep() throws Exception {
    String text = SELECT + "request: f Event {\"a\": 1}\n" + STEP;

    run(text, connection -> invokeThenOneRow(connection, request("Event", null, null)));

    assertThat(endpoint.answers).isEmpty();
    assertThatThrownBy(() -> run(text, this::twoRows))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("- request: f Event {\"a\": 1}");
    assertThatThrownBy(
            () ->
                run(
                    SELECT + "request: f DryRun *\n",
                    connection -> invokeThenOneRow(connection, request("Event", null, null))))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("+ request: f Event region=eu-west-1 {\"a\": 1}");
  }

  @Test
  void acceptsNoQualifierOrLogTypeThatIsNotExpected() throws Exception {
    String plain = SELECT + "request: f Event {\"a\": 1}\n";
    String exact = SELECT + "request: f Event log=Tail qualifier=v1 {\"a\": 1}\n";
    LambdaRequest none = request("Event", "None", null);
    LambdaRequest both = request("Event", "Tail", "v1");

    run(plain, connection -> invokeThenOneRow(connection, none));
    run(exact, connection -> invokeThenOneRow(connection, both));
    assertThatThrownBy(() -> run(plain, connection -> invokeThenOneRow(connection, both)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("+ request: f Event region=eu-west-1 qualifier=v1 log=Tail");
    assertThatThrownBy(() -> run(exact, connection -> invokeThenOneRow(connection, none)))
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void setsUpAndCleansUpAroundTheSteps() {
    List<String> queries = new CopyOnWriteArrayList<>();
    ScriptedServer.Script script =
        connection -> {
          connection.acceptSession();
          while (connection.read() instanceof Query query) {
            queries.add(query.text());
            connection.complete("OK").ready('I');
          }
        };
    String text =
        """
        title: t
        protocol: simple
        lambda f => echo
        setup: before 1
        setup: before 2
        teardown: after
        > step
        < CommandComplete DIFFERENT
        < ReadyForQuery I
        """;

    assertThatThrownBy(() -> run(text, script)).isInstanceOf(AssertionError.class);
    assertThat(queries).containsExactly("before 1", "before 2", "step", "after");
    assertThat(endpoint.answers).containsOnlyKeys("f");
  }

  @Test
  void refusesToRunWhatDoesNotApply() {
    CaseFile newer = CaseParser.parse("test.case", "min-version: 16\n" + SELECT);
    CaseFile withLambda = CaseParser.parse("test.case", SELECT + "request: f Event {}\n");
    Target target = new Target("127.0.0.1", 1, "u", "d", 15);

    assertThatThrownBy(() -> ConformanceRunner.run(newer, target, null))
        .isInstanceOf(TestAbortedException.class)
        .hasMessage("test.case is not for PostgreSQL 15");
    assertThatThrownBy(() -> ConformanceRunner.run(withLambda, target, null))
        .isInstanceOf(TestAbortedException.class)
        .hasMessage("test.case needs a Lambda endpoint");
  }

  private void run(String text, ScriptedServer.Script script) throws IOException {
    CaseFile caseFile = CaseParser.parse("test.case", text);
    try (ScriptedServer server = ScriptedServer.start(script)) {
      Target target = new Target(server.host(), server.port(), "u", "d", 15);
      ConformanceRunner.run(caseFile, target, endpoint);
    }
  }

  private void oneRow(ScriptedServer.Connection connection) throws IOException {
    connection.acceptSession();
    answerWithOneRow(connection, null);
  }

  private void twoRows(ScriptedServer.Connection connection) throws IOException {
    connection.acceptSession();
    answerWithOneRow(connection, null);
    answerWithOneRow(connection, null);
  }

  private void invokeThenOneRow(ScriptedServer.Connection connection, LambdaRequest request)
      throws IOException {
    connection.acceptSession();
    answerWithOneRow(connection, request);
    answerWithOneRow(connection, null);
  }

  /** Answers a simple query, or what stands before a Sync. */
  private void answerWithOneRow(
      ScriptedServer.Connection connection, @Nullable LambdaRequest request) throws IOException {
    FrontendMessage message = connection.read();
    while (message != null && !(message instanceof Terminate)) {
      received.add(message);
      if (message instanceof Query || message instanceof Sync) {
        if (request != null) {
          endpoint.requests.add(request);
        }
        connection.textColumn("a").row(List.of("1")).complete("SELECT 1").ready('I');
        return;
      }
      message = connection.read();
    }
  }

  private void copyIn(ScriptedServer.Connection connection) throws IOException {
    connection.acceptSession();
    connection.skipSeries();
    connection.send(new CopyInResponse(0, List.of()));
    FrontendMessage message = connection.read();
    while (message instanceof CopyData
        || message instanceof CopyDone
        || message instanceof CopyFail) {
      received.add(message);
      if (!(message instanceof CopyData)) {
        connection.ready('I');
      }
      message = connection.read();
    }
  }

  private void error(ScriptedServer.Connection connection) throws IOException {
    connection.acceptSession();
    connection.skipSeries();
    connection.error("ERROR", "42601", "a message").ready('E');
    connection.skipSeries();
  }

  private static LambdaRequest request(
      String type, @Nullable String logType, @Nullable String qualifier) {
    return new LambdaRequest("f", type, logType, qualifier, null, "eu-west-1", "{\"a\": 1}");
  }

  private static final class FakeEndpoint implements LambdaEndpoint {
    private final Map<String, LambdaAnswer> answers = new LinkedHashMap<>();
    private final List<LambdaRequest> requests = new CopyOnWriteArrayList<>();

    @Override
    public void reset() {
      answers.clear();
      requests.clear();
    }

    @Override
    public void answer(String functionName, LambdaAnswer answer) {
      answers.put(functionName, answer);
    }

    @Override
    public List<LambdaRequest> takeRequests() {
      List<LambdaRequest> taken = new ArrayList<>(requests);
      requests.clear();
      return taken;
    }
  }
}
