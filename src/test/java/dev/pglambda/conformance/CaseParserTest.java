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
    assertThat(caseFile.modes()).containsExactly(Mode.EXTENDED);
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

    assertThat(caseFile.modes()).containsExactly(Mode.SIMPLE, Mode.EXTENDED);
    assertThat(caseFile.usesLambda()).isFalse();
    assertThat(caseFile.steps()).extracting(Step::sql).containsExactly("SELECT 1", "");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "<[14-] CommandComplete A    | 13 | SIMPLE   | false",
        "<[14-] CommandComplete A    | 14 | SIMPLE   | true",
        "<[-13] CommandComplete A    | 13 | EXTENDED | true",
        "<[-13] CommandComplete A    | 14 | EXTENDED | false",
        "<[15] CommandComplete A     | 15 | SIMPLE   | true",
        "<[15] CommandComplete A     | 16 | SIMPLE   | false",
        "<[13-15] CommandComplete A  | 16 | SIMPLE   | false",
        "<[simple] CommandComplete A | 16 | SIMPLE   | true",
        "<[simple] CommandComplete A | 16 | EXTENDED | false",
        "<[extended, 16-] CommandComplete A | 16 | EXTENDED | true",
        "<[extended, 16-] CommandComplete A | 15 | EXTENDED | false"
      })
  void takesLinesForSomeVersionsOrOneProtocol(
      String line, int version, Mode mode, boolean expected) {
    Step step = parse(HEAD + "> x\n" + line + "\n" + READY).steps().get(0);

    assertThat(step.expected(version, mode)).hasSize(expected ? 2 : 1);
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

    assertThat(step.expected(15, Mode.SIMPLE).get(0)).hasToString(line.strip());
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

    List<TranscriptLine> expected = step.expected(15, Mode.SIMPLE);
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
        arguments(HEAD + "> x\nparameters: 1\n", "f.case:3: parameters (expected: with protocol"),
        arguments(
            HEAD + "protocol: extended\nparameters: 1\n", "f.case:3: parameters (expected: once"),
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
