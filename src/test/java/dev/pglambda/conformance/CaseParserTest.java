package dev.pglambda.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class CaseParserTest {
  private static final String HEAD = "title: t\n";
  private static final String READY = "< ReadyForQuery I\n";
  private static final Variant SIMPLE = new Variant(Mode.SIMPLE, Role.SUPERUSER);

  @Test
  void readsEveryDirective() {
    CaseFile caseFile =
        parse(
            """
            # comment
            title: A title: with a colon
            min-version: 13
            max-version: 17
            protocol: extended
            role: app
            setup: CREATE TABLE t (
                a int)
            setup: SELECT 1
            teardown: DROP TABLE t
            lambda f => echo

            > SELECT
                $1, 'x'
            > FROM t
            parameters: 1 'a b' NULL "x\\ty"
            < ReadyForQuery I
            """);

    assertThat(caseFile.title()).isEqualTo("A title: with a colon");
    assertThat(caseFile.appliesTo(12)).isFalse();
    assertThat(caseFile.appliesTo(13)).isTrue();
    assertThat(caseFile.appliesTo(17)).isTrue();
    assertThat(caseFile.appliesTo(18)).isFalse();
    assertThat(caseFile.variants()).containsExactly(new Variant(Mode.EXTENDED, Role.OWN));
    assertThat(caseFile.role()).isEqualTo("app");
    assertThat(caseFile.setup()).containsExactly("CREATE TABLE t (\n    a int)", "SELECT 1");
    assertThat(caseFile.teardown()).containsExactly("DROP TABLE t");
    assertThat(caseFile.usesLambda()).isTrue();
    Step step = caseFile.steps().get(0);
    assertThat(step.line()).isEqualTo(13);
    assertThat(step.sql()).isEqualTo("SELECT\n    $1, 'x'\nFROM t");
    assertThat(step.parameters()).containsExactly("1", "a b", null, "x\ty");
  }

  @Test
  void readsBothProtocolsIfNoneIsNamed() {
    CaseFile caseFile = parse(HEAD + "> SELECT 1\n" + READY + ">\n< Closed\n");

    assertThat(caseFile.variants())
        .extracting(Variant::mode)
        .containsExactly(Mode.SIMPLE, Mode.EXTENDED);
    assertThat(caseFile.usesLambda()).isFalse();
    assertThat(caseFile.steps()).extracting(Step::sql).containsExactly("SELECT 1", "");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "<[14-] CommandComplete A | 13 | SIMPLE | SUPERUSER | false",
        "<[14-] CommandComplete A | 14 | SIMPLE | SUPERUSER | true",
        "<[-13] CommandComplete A | 13 | EXTENDED | SUPERUSER | true",
        "<[-13] CommandComplete A | 14 | EXTENDED | SUPERUSER | false",
        "<[15] CommandComplete A | 15 | SIMPLE | SUPERUSER | true",
        "<[15] CommandComplete A | 16 | SIMPLE | SUPERUSER | false",
        "<[13-15] CommandComplete A | 16 | SIMPLE | SUPERUSER | false",
        "<[simple] CommandComplete A | 16 | SIMPLE | SUPERUSER | true",
        "<[simple] CommandComplete A | 16 | EXTENDED | SUPERUSER | false",
        "<[extended, 16-] CommandComplete A | 16 | EXTENDED | SUPERUSER | true",
        "<[extended, 16-] CommandComplete A | 15 | EXTENDED | SUPERUSER | false",
        "<[extended] CommandComplete A | 16 | BINARY | PLAIN | true",
        "<[text] CommandComplete A | 16 | BINARY | PLAIN | false",
        "<[text, extended] CommandComplete A | 16 | EXTENDED | OWN | true",
        "<[text, extended] CommandComplete A | 16 | SIMPLE | OWN | false",
        "<[binary] CommandComplete A | 16 | BINARY | SUPERUSER | true",
        "<[binary] CommandComplete A | 16 | EXTENDED | SUPERUSER | false",
        "<[plain] CommandComplete A | 16 | SIMPLE | PLAIN | true",
        "<[plain] CommandComplete A | 16 | SIMPLE | SUPERUSER | false",
        "<[plain] CommandComplete A | 16 | SIMPLE | OWN | false",
        "<[superuser, -13] CommandComplete A | 13 | SIMPLE | SUPERUSER | true",
        "<[superuser, -13] CommandComplete A | 14 | SIMPLE | SUPERUSER | false"
      })
  void takesLinesForSomeVersionsOrOneProtocol(
      String line, int version, Mode mode, Role role, boolean expected) {
    Step step = parse(HEAD + "> x\n" + line + "\n" + READY).steps().get(0);

    assertThat(step.expected(version, new Variant(mode, role))).hasSize(expected ? 2 : 1);
  }

  @Test
  void runsCallsInEveryWayUnlessTheCaseSaysOtherwise() {
    String calls = HEAD + "setup: CREATE EXTENSION aws_lambda CASCADE\nlambda f => echo\n";
    String step = "> x\n" + READY;

    assertThat(parse(calls + step).variants())
        .containsExactly(
            new Variant(Mode.SIMPLE, Role.SUPERUSER),
            new Variant(Mode.EXTENDED, Role.SUPERUSER),
            new Variant(Mode.BINARY, Role.SUPERUSER),
            new Variant(Mode.SIMPLE, Role.PLAIN),
            new Variant(Mode.EXTENDED, Role.PLAIN),
            new Variant(Mode.BINARY, Role.PLAIN));
    assertThat(parse(calls + "roles: plain\nresults: text\n" + step).variants())
        .containsExactly(
            new Variant(Mode.SIMPLE, Role.PLAIN), new Variant(Mode.EXTENDED, Role.PLAIN));
    assertThat(parse(calls + "role: a\nprotocol: extended\n" + step).variants())
        .containsExactly(new Variant(Mode.EXTENDED, Role.OWN), new Variant(Mode.BINARY, Role.OWN));
    assertThat(parse(calls + "protocol: simple\n" + step).variants())
        .containsExactly(
            new Variant(Mode.SIMPLE, Role.SUPERUSER), new Variant(Mode.SIMPLE, Role.PLAIN));
    assertThat(parse(HEAD + "results: both\nroles: both\n" + step).variants()).hasSize(6);
  }

  @Test
  void runsCallsInEachCallingModeUnlessTheyAreOutOfRange() {
    String calls = HEAD + "setup: CREATE EXTENSION aws_lambda CASCADE\nlambda f => echo\n";
    String step = "> x\n" + READY;

    assertThat(parse(calls + step).variants(CallingMode.ABSENT))
        .hasSize(6)
        .contains(new Variant(Mode.BINARY, Role.PLAIN, CallingMode.ABSENT));
    assertThat(parse(calls + "direct: no, a view\n" + step))
        .satisfies(
            outOfRange -> {
              assertThat(outOfRange.outOfRange()).isEqualTo("a view");
              assertThat(outOfRange.variants(CallingMode.ALWAYS)).hasSize(6);
              assertThat(outOfRange.variants(CallingMode.ABSENT)).isEmpty();
            });
    assertThat(parse(HEAD + step).variants(CallingMode.ALWAYS)).hasSize(2);
    assertThat(parse(HEAD + step).variants(CallingMode.ABSENT)).isEmpty();
    assertThat(parse(calls + "proxy: --direct-calls  never\n" + step))
        .satisfies(
            own -> {
              assertThat(own.proxyArguments()).containsExactly("--direct-calls", "never");
              assertThat(own.variants(CallingMode.EXTENSION)).hasSize(6);
              assertThat(own.variants(CallingMode.ALWAYS)).isEmpty();
              assertThat(own.variants(CallingMode.ABSENT)).isEmpty();
            });
  }

  @Test
  void leavesOutStepsThatAreOutOfRangeWhereTheExtensionIsAbsent() {
    String text = HEAD + "protocol: extended\n> x\nparameters: 1\ndirect: no, a\n  view\n" + READY;
    Step step = parse(text).steps().get(0);

    assertThat(step.outOfRange()).isEqualTo("a view");
    assertThat(step.isFor(SIMPLE)).isTrue();
    assertThat(step.isFor(SIMPLE.in(CallingMode.ALWAYS))).isTrue();
    assertThat(step.isFor(SIMPLE.in(CallingMode.ABSENT))).isFalse();
    assertThat(parse(HEAD + "> x\n" + READY).steps().get(0).isFor(SIMPLE.in(CallingMode.ABSENT)))
        .isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "extension, EXTENSION",
    "installed, EXTENSION ALWAYS",
    "always, ALWAYS",
    "absent, ABSENT",
    "'simple, absent', ABSENT"
  })
  void takesLinesForSomeCallingModes(String condition, String expected) {
    Step step =
        parse(HEAD + "> x\n<[" + condition + "] CommandComplete A\n" + READY).steps().get(0);

    assertThat(CallingMode.values())
        .filteredOn(calls -> step.expected(15, SIMPLE.in(calls)).size() == 2)
        .extracting(CallingMode::name)
        .containsExactly(expected.split(" "));
  }

  @Test
  void readsWhatIsCopied() {
    String text =
        HEAD
            + """
            > COPY a FROM STDIN; COPY b FROM STDIN; COPY c FROM STDIN
            < CopyInResponse
            copy: one  line
            copy:
            copy: "\\t'\\t"
            <[14-] CopyInResponse
            copy: x
            copy-fail: no more
            < CopyInResponse
            < ReadyForQuery I
            """;
    Step step = parse(text).steps().get(0);

    assertThat(step.copies(15, SIMPLE))
        .containsExactly(
            new CopyInput("one  line\n\n\t'\t\n", null),
            new CopyInput("x\n", "no more"),
            CopyInput.NONE);
    assertThat(step.copies(13, SIMPLE)).hasSize(2);
  }

  @Test
  void takesRequestsForSomeVersionsOrRoles() {
    Step step =
        parse(HEAD + "> x\n" + READY + "request[plain, 14-]: f Event {}\nrequest: f Event 1\n")
            .steps()
            .get(0);

    assertThat(step.expected(15, SIMPLE)).hasSize(2);
    assertThat(step.expected(13, new Variant(Mode.SIMPLE, Role.PLAIN))).hasSize(2);
    assertThat(step.expected(14, new Variant(Mode.SIMPLE, Role.PLAIN))).hasSize(3);
  }

  static Stream<Arguments> lambdaAnswers() {
    return Stream.of(
        arguments("echo", answer(LambdaAnswer.Kind.ECHO, "", "", 200)),
        arguments(
            "reply {\"a\": \"b c\"}", answer(LambdaAnswer.Kind.REPLY, "{\"a\": \"b c\"}", "", 200)),
        arguments("reply 'it''s'", answer(LambdaAnswer.Kind.REPLY, "it's", "", 200)),
        arguments("reply", answer(LambdaAnswer.Kind.REPLY, "", "", 200)),
        arguments(
            "error Unhandled {\"e\":1}",
            answer(LambdaAnswer.Kind.FUNCTION_ERROR, "{\"e\":1}", "Unhandled", 200)),
        arguments(
            "refuse 404 ResourceNotFoundException Function not found: f",
            answer(
                LambdaAnswer.Kind.SERVICE_ERROR,
                "Function not found: f",
                "ResourceNotFoundException",
                404)),
        arguments("hang", answer(LambdaAnswer.Kind.HANG, "", "", 200)),
        arguments("disconnect", answer(LambdaAnswer.Kind.DISCONNECT, "", "", 200)),
        arguments(
            "version=NULL log='a b' delay=50 echo",
            new LambdaAnswer(LambdaAnswer.Kind.ECHO, "", "", 200, null, "a b", 50)));
  }

  @ParameterizedTest
  @MethodSource("lambdaAnswers")
  void readsHowTheEndpointAnswers(String text, LambdaAnswer expected) {
    CaseFile caseFile = parse(HEAD + "lambda f => " + text + "\n> x\n" + READY);

    assertThat(caseFile.lambda()).containsEntry("f", expected).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "DataRow 1 NULL '' 'it''s' {a}",
        "DataRow 'a b' \"a\\nb\\\\\\\"\\u0001\" 'NULL' '*' '~x' * ~'\\d+''?'",
        "DataRow",
        "RowDescription a:int4 'b c:text' ?column?:json",
        "CommandComplete INSERT 0 1",
        "CommandComplete 'x '",
        "CommandComplete *",
        "ErrorResponse S=ERROR C=42P01 M='a \"b\"' H=NULL W=*",
        "ReadyForQuery T",
        "ParameterStatus TimeZone Asia/Tokyo",
        "NotificationResponse channel 'pay load'",
        "CopyData \"a\\tb\\n\"",
        "EmptyQueryResponse"
      })
  void writesWhatItReads(String line) {
    Step step = parse(HEAD + "> x\n< " + line + "\n" + READY).steps().get(0);

    assertThat(step.expected(15, SIMPLE).get(0)).hasToString(line.strip());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "request: f Event {\"a\": 1}",
        "request: f Event region=eu-west-1 qualifier=v1 log=Tail context={} '\"text\"'",
        "request: ~'f.*' RequestResponse *"
      })
  void readsRequests(String line) {
    Step step = parse(HEAD + "> x\n" + READY + line + "\n" + line + "\n").steps().get(0);

    List<TranscriptLine> expected = step.expected(15, SIMPLE);
    assertThat(expected).hasSize(3);
    assertThat(expected.get(2).toString().replace("'", "")).isEqualTo(line.replace("'", ""));
  }

  static Stream<Arguments> mistakes() {
    return Stream.of(
        arguments("> x\n" + READY, "f.case:1: no title"),
        arguments("title: a\n", "f.case:2: no statement"),
        arguments("title: a\ntitle: b\n", "f.case:2: title twice"),
        arguments("title: a\n\ntitel: b\n", "f.case:3: titel (expected: title, "),
        arguments("what is this\n", "f.case:1: 'what is this' (expected: a directive"),
        arguments("min-version: 9.6\n", "f.case:1: version: 9.6 (expected: 12, 13 ...)"),
        arguments("protocol: none\n", "f.case:1: protocol: none (expected: simple, "),
        arguments("lambda f => dance\n", "f.case:1: 'dance' (expected: echo, reply, "),
        arguments("lambda f => echo x\n", "f.case:1: 'x' (expected: end of line)"),
        arguments("lambda f => speed=1 echo\n", "f.case:1: speed= (expected: version="),
        arguments("lambda f => refuse many X\n", "f.case:1: 'many' (expected: a number)"),
        arguments("lambda f => echo\nlambda f => hang\n", "f.case:2: lambda f twice"),
        arguments(READY, "f.case:1: an answer (expected: a statement before it)"),
        arguments(HEAD + "> x\n" + READY + "role: a\n", "f.case:4: role behind a statement"),
        arguments(HEAD + "> x\n" + READY + "lambda f => echo\n", "f.case:4: lambda behind"),
        arguments(HEAD + "> x\n", "f.case:2: a statement without its answer"),
        arguments(HEAD + "> x\n< DataRow 1\n> y\n" + READY, "f.case:2: a statement without its"),
        arguments(HEAD + "> x\n" + READY + "< DataRow 1\n", "f.case:4: an answer behind the end"),
        arguments(HEAD + "> x\n< Nothing\n", "f.case:3: 'Nothing' (expected: a message)"),
        arguments(HEAD + "> x\n< Closed now\n", "f.case:3: 'Closed now' (expected: a message)"),
        arguments(HEAD + "> x\n< DataRow 'a\n", "f.case:3: end of line (expected: closing ')"),
        arguments(HEAD + "> x\n< DataRow 'a'b\n", "f.case:3: 'b' right behind a value"),
        arguments(HEAD + "> x\n< DataRow \"\\q\"\n", "f.case:3: \\q (expected: "),
        arguments(HEAD + "> x\n< DataRow \"\\u12\"\n", "f.case:3: \\u (expected: four"),
        arguments(HEAD + "> x\n< DataRow ~a\n", "f.case:3: ~ without quotes"),
        arguments(HEAD + "> x\n< DataRow ~'('\n", "f.case:3: regular expression: "),
        arguments(HEAD + "> x\n< CommandComplete 'a' b\n", "f.case:3: 'b' behind a value"),
        arguments(HEAD + "> x\n< ErrorResponse\n", "f.case:3: no field"),
        arguments(HEAD + "> x\n< ErrorResponse 42601\n", "f.case:3: '42601' (expected: a field"),
        arguments(HEAD + "> x\n< ErrorResponse C=1 C=2\n", "f.case:3: field C twice"),
        arguments(HEAD + "> x\n<[12.1] DataRow\n", "f.case:3: [12.1] (expected: simple, "),
        arguments(HEAD + "> x\n<[12, 13] DataRow\n", "f.case:3: [12, 13] (never holds)"),
        arguments(HEAD + "> x\n<[text, binary] DataRow\n", "f.case:3: [text, binary] (never"),
        arguments("results: binary\n", "f.case:1: results: binary (expected: text or both)"),
        arguments("direct: yes\n", "f.case:1: direct: yes (expected: no, and the reason"),
        arguments("direct: no,\n", "f.case:1: direct: no, (expected: no, and the reason"),
        arguments("direct: no, a\ndirect: no, b\n", "f.case:2: direct twice"),
        arguments("proxy: --a\nproxy: --b\n", "f.case:2: proxy twice"),
        arguments(HEAD + "> x\n" + READY + "direct: no, a\n", "f.case:4: direct (expected: once"),
        arguments(HEAD + "> x\n<[installed, absent] DataRow\n", "f.case:3: [installed, absent] (n"),
        arguments("roles: me\n", "f.case:1: roles: me (expected: superuser, plain or both)"),
        arguments(HEAD + "role: a\nroles: both\n> x\n" + READY, "f.case:1: role and roles"),
        arguments("copy: a\n", "f.case:1: copy (expected: a statement before it)"),
        arguments(HEAD + "> x\ncopy: a\n", "f.case:3: copy (expected: right behind"),
        arguments(HEAD + "> x\n< CopyInResponse\ncopy: *\n", "f.case:4: copy: * (expected: a"),
        arguments(HEAD + "> x\n< CopyInResponse\ncopy-fail: a\ncopy: b\n", "f.case:5: copy behind"),
        arguments(HEAD + "> x\nparameters: 1\n", "f.case:3: parameters (expected: with protocol"),
        arguments(
            HEAD + "protocol: extended\nparameters: 1\n", "f.case:3: parameters (expected: a"),
        arguments(HEAD + "protocol: extended\n> x\nparameters: *\n", "f.case:4: parameter * "),
        arguments(HEAD + "> x\nrequest: f Event {}\n", "f.case:3: a request (expected: behind"),
        arguments(HEAD + "> x\n" + READY + "request: f Event\n", "f.case:4: a request without"),
        arguments(
            HEAD + "> x\n" + READY + "request: f Event id=1 {}\n", "f.case:4: id= (expected: "));
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void saysWhereAMistakeIs(String text, String message) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(CaseSyntaxException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void readsAllCasesOfTheProject() {
    assertThat(CaseFile.readAll(CaseFile.DIRECTORY)).hasSizeGreaterThan(5);
  }

  private static CaseFile parse(String text) {
    return CaseParser.parse("f.case", text);
  }

  private static LambdaAnswer answer(
      LambdaAnswer.Kind kind, String body, String errorType, int status) {
    return new LambdaAnswer(kind, body, errorType, status, "$LATEST", null, 0);
  }
}
