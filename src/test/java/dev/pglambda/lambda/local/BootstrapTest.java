package dev.pglambda.lambda.local;

import static dev.pglambda.lambda.local.LocalFunctionStage.await;
import static dev.pglambda.lambda.local.LocalFunctionStage.call;
import static dev.pglambda.lambda.local.LocalFunctionStage.json;
import static dev.pglambda.lambda.local.LocalFunctionStage.log;
import static dev.pglambda.lambda.local.LocalFunctionStage.need;
import static dev.pglambda.lambda.local.LocalFunctionStage.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.route.FunctionRuntime;
import dev.pglambda.lambda.route.LocalFunction;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Programs that speak the Runtime API themselves. */
@EnabledOnOs(OS.LINUX)
class BootstrapTest {
  /** Serves one event after the other with curl. */
  private static final String WITH_CURL =
      """
      #!/bin/sh
      api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
      echo "in $PWD"
      while true; do
        event=$(curl -sS -D "$TMPDIR/headers" "$api/invocation/next")
        id=$(sed -n 's/^lambda-runtime-aws-request-id: *\\([^ \\r]*\\).*/\\1/Ip' "$TMPDIR/headers")
        echo "event $event"
        curl -sS -o /dev/null "$api/invocation/$id/response" -d "$event back"
      done
      """;

  /** Does what it should not, and answers with what it was told. */
  private static final String ODD_REQUESTS =
      """
      #!/usr/bin/env python3
      import http.client, json, os
      api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
      def call(method, path, body=None):
          api.request(method, path, body)
          response = api.getresponse()
          return response, response.read().decode()
      root = "/2018-06-01/runtime/"
      while True:
          early = call("POST", root + "invocation/x/response", "1")
          event, _ = call("GET", root + "invocation/next")
          id = event.headers["Lambda-Runtime-Aws-Request-Id"]
          answers = [early,
              call("GET", root + "invocation/next"),
              call("POST", root + "invocation/other/response", "1"),
              call("POST", root + "init/error", "{}"),
              call("POST", "/2020-01-01/extension/register", "{}")]
          reply = [[response.status, text] for response, text in answers]
          call("POST", root + "invocation/" + id + "/response", json.dumps(reply))
      """;

  @TempDir Path directory;

  private LocalFunctionStage stage;

  @BeforeEach
  void start() {
    stage = new LocalFunctionStage(directory);
  }

  @AfterEach
  void stop() {
    stage.close();
  }

  @Test
  void runsInItsFolderAndMayAnswerWhatIsNoJson() throws Exception {
    // given
    need("curl");
    LambdaInvoker invoker = stage.open(stage.provided("shell", WITH_CURL));

    // when
    InvocationResult first = await(invoker.invoke(call("shell", "{\"a\":1}")));
    InvocationResult second = await(invoker.invoke(call("shell", "2")));

    // then
    assertThat(text(first)).isEqualTo("{\"a\":1} back");
    assertThat(log(first)).contains("\nin " + directory + "/shell\n", "\nevent {\"a\":1}\n");
    assertThat(text(second)).isEqualTo("2 back");
    assertThat(first.functionError()).isNull();
  }

  @Test
  void isToldWhatItDidWrongWithoutEverReceiving500() throws Exception {
    // given
    need("python3");

    // when
    InvocationResult result = stage.run(stage.provided("odd", ODD_REQUESTS), "{}");

    // then
    String invalidId =
        "[400,\"{\\\"errorMessage\\\":\\\"Invalid request ID\\\","
            + "\\\"errorType\\\":\\\"InvalidRequestID\\\"}\"]";
    assertThat(json(result)).hasSize(5);
    assertThat(json(result).get(0)).hasToString(invalidId);
    assertThat(json(result).get(1).get(0).asInt()).isEqualTo(403);
    assertThat(json(result).get(1).get(1).asText()).contains("InvalidStateTransition");
    assertThat(json(result).get(2)).hasToString(invalidId);
    assertThat(json(result).get(3).get(0).asInt()).isEqualTo(403);
    assertThat(json(result).get(4).get(0).asInt()).isEqualTo(404);
  }

  @Test
  void isMissedInTheWordsOfTheService() throws Exception {
    // given
    stage.write("empty/readme", "");
    LocalFunction function =
        LocalFunction.of("empty", FunctionRuntime.PROVIDED, directory.resolve("empty"), null);

    // when
    InvocationResult result = stage.run(function, "{}");

    // then
    assertThat(text(result))
        .matches(
            "\\{\"errorType\":\"Runtime.InvalidEntrypoint\",\"errorMessage\":\"RequestId:"
                + " [0-9a-f-]{36} Error: fork/exec %s/empty/bootstrap: no such file or"
                    .formatted(directory)
                + " directory\"}");
    assertThat(log(result)).endsWith("\tStatus: error\tError Type: Runtime.InvalidEntrypoint\n");
  }

  @Test
  void isRefusedIfItIsNoProgram() throws Exception {
    assertThat(text(stage.run(stage.provided("text", "just words\n"), "{}")))
        .contains("/text/bootstrap: exec format error");
    assertThat(text(stage.run(stage.provided("lines", "#!/bin/sh\r\necho\r\n"), "{}")))
        .contains("/lines/bootstrap: no such file or directory");
  }

  @Test
  void saysThatItExitedWhileItLoaded() throws Exception {
    InvocationResult result = stage.run(stage.provided("gone", "#!/bin/sh\nexit 127\n"), "{}");

    assertThat(text(result)).endsWith("Error: Runtime exited with error: exit status 127\"}");
    assertThat(log(result)).contains("Phase: init\tStatus: error\tError Type: Runtime.ExitError\n");
  }
}
