package dev.pglambda.lambda.local;

import static dev.pglambda.lambda.local.LocalFunctionStage.json;
import static dev.pglambda.lambda.local.LocalFunctionStage.log;
import static dev.pglambda.lambda.local.LocalFunctionStage.need;
import static dev.pglambda.lambda.local.LocalFunctionStage.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.route.FunctionRuntime;
import dev.pglambda.lambda.route.LocalFunction;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeFunctionTest {
  @TempDir Path directory;

  private LocalFunctionStage stage;

  @BeforeEach
  void start() {
    need("node");
    stage = new LocalFunctionStage(directory);
  }

  @AfterEach
  void stop() {
    stage.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "async (event) => ({ got: event.a })                          | {\"got\":1}",
        "(event, context, done) => { done(null, event.a + 1); }       | 2",
        "(event, context, done) => { setTimeout(() => done(null, 3), 5); } | 3",
        "(event) => Promise.resolve('a\"b')                           | \"a\\\"b\"",
        "async () => {}                                               | null",
        "() => {}                                                     | null",
        "(event, context) => context.succeed(4)                       | 4",
        "(event, context) => { context.callbackWaitsForEmptyEventLoop = false;"
            + " setInterval(() => {}, 1e6); context.done(null, 5); }  | 5",
        "() => new Promise(() => {})                                  | null"
      })
  void answersHoweverTheHandlerDoes(String handler, String reply) throws Exception {
    LocalFunction function = stage.node("hello", "export const handler = " + handler + ";");

    assertThat(text(stage.run(function, "{\"a\": 1}"))).isEqualTo(reply);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "index.mjs | export const handler = async () => 'here';",
        "index.js  | exports.handler = async () => 'here';",
        "app.cjs   | module.exports = { handler: async () => 'here' };",
        "other.js  | module.exports.handler = async () => require('lib').here;"
      })
  void findsTheModuleOfAFolder(String module, String code) throws Exception {
    // given
    stage.write("folder/" + module, code);
    stage.write("folder/node_modules/lib/index.js", "exports.here = 'here';");
    LocalFunction function =
        LocalFunction.of("folder", FunctionRuntime.NODE, directory.resolve("folder"), null);

    // then
    assertThat(text(stage.run(function, "{}"))).isEqualTo("\"here\"");
  }

  @Test
  void followsANestedHandlerInAPackageOfModules() throws Exception {
    stage.write("folder/package.json", "{\"type\": \"module\"}");
    stage.write("folder/src/app.js", "export const api = { get: async () => import.meta.url };");
    LocalFunction function =
        LocalFunction.of(
            "folder", FunctionRuntime.NODE, directory.resolve("folder"), "src/app.api.get");

    assertThat(text(stage.run(function, "{}"))).endsWith("/folder/src/app.js\"");
  }

  @Test
  void reportsAnErrorInTheShapeOfTheRuntime() throws Exception {
    // given
    LocalFunction function =
        stage.node(
            "broken", "export const handler = async () => { throw new TypeError('kaboom'); };");

    // when
    InvocationResult result = stage.run(function, "{}");

    // then
    assertThat(result.functionError()).isEqualTo("Unhandled");
    assertThat(text(result))
        .startsWith(
            "{\"errorType\":\"TypeError\",\"errorMessage\":\"kaboom\",\"trace\":[\"TypeError:"
                + " kaboom\",\"    at handler (file://");
    assertThat(log(result))
        .containsPattern(
            "\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z\t[0-9a-f-]{36}\tERROR\tInvoke Error"
                + " \t\\{\"errorType\":\"TypeError\",\"errorMessage\":\"kaboom\",\"stack\":\\[");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "import 'nowhere';              | Runtime.ImportModuleError   | Error",
        "export const x = ;             | Runtime.UserCodeSyntaxError | SyntaxError: Unexpected",
        "export const x = 1;            | Runtime.HandlerNotFound     | bad.handler is undefined",
        "export const handler = 1;      | Runtime.HandlerNotFound     | bad.handler is not a",
        "throw new RangeError('early'); | RangeError                  | early",
        "await Promise.reject('text');  | string                      | text"
      })
  void saysWhyAModuleCannotBeLoaded(String code, String type, String message) throws Exception {
    // when
    InvocationResult result = stage.run(stage.node("bad", code), "{}");

    // then
    JsonNode error = json(result);
    assertThat(result.functionError()).isEqualTo("Unhandled");
    assertThat(error.get("errorType").asText()).isEqualTo(type);
    assertThat(error.get("errorMessage").asText()).startsWith(message);
  }

  @Test
  void endsWithARejectionThatNobodyHandles() throws Exception {
    // given
    LocalFunction function =
        stage.node(
            "reject",
            """
            export const handler = async (event) => {
              if (event === 1) {
                Promise.reject(new Error('lost'));
                await new Promise((resolve) => setTimeout(resolve, 1e6));
              }
              return process.pid;
            };
            """);
    var invoker = stage.open(function);

    // when
    InvocationResult failed =
        LocalFunctionStage.await(invoker.invoke(LocalFunctionStage.call("reject", "1")));
    InvocationResult next =
        LocalFunctionStage.await(invoker.invoke(LocalFunctionStage.call("reject", "2")));

    // then
    assertThat(json(failed).get("errorType").asText())
        .isEqualTo("Runtime.UnhandledPromiseRejection");
    assertThat(json(failed).get("errorMessage").asText()).isEqualTo("Error: lost");
    assertThat(next.functionError()).isNull();
  }

  @Test
  void prefixesTheLinesOfTheConsole() throws Exception {
    // given
    LocalFunction function =
        stage.node(
            "console",
            """
            export const handler = async () => {
              console.log('one %d', 1, { two: 2 });
              console.warn('three\\nfour');
              process.stdout.write('bare\\n');
            };
            """);

    // then
    assertThat(log(stage.run(function, "{}")).replaceAll("[0-9a-f-]{36}", "ID"))
        .containsPattern("Z\tID\tINFO\tone 1 \\{ two: 2 \\}\n")
        .containsPattern("Z\tID\tWARN\tthree\rfour\n")
        .contains("\nbare\n");
  }
}
