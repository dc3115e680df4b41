package dev.pglambda.lambda.local;

import static dev.pglambda.lambda.local.LocalFunctionStage.await;
import static dev.pglambda.lambda.local.LocalFunctionStage.call;
import static dev.pglambda.lambda.local.LocalFunctionStage.json;
import static dev.pglambda.lambda.local.LocalFunctionStage.log;
import static dev.pglambda.lambda.local.LocalFunctionStage.need;
import static dev.pglambda.lambda.local.LocalFunctionStage.text;
import static dev.pglambda.lambda.local.LocalFunctionStage.withHandler;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.route.FunctionRuntime;
import dev.pglambda.lambda.route.LocalFunction;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PythonFunctionTest {
  @TempDir Path directory;

  private LocalFunctionStage stage;

  @BeforeEach
  void start() {
    need("python3");
    stage = new LocalFunctionStage(directory);
  }

  @AfterEach
  void stop() {
    stage.close();
  }

  @Test
  void answersAsTheRuntimeOfLambdaWritesJson() throws Exception {
    // given
    LocalFunction function =
        stage.python(
            "hello",
            """
            def lambda_handler(event, context):
                return {"statusCode": 200, "body": "Grüße, " + event["name"], "n": [1, 2.5, None]}
            """);

    // when
    InvocationResult result = stage.run(function, "{\"name\": \"Jürgen\"}");

    // then
    assertThat(text(result))
        .isEqualTo("{\"statusCode\": 200, \"body\": \"Grüße, Jürgen\", \"n\": [1, 2.5, null]}");
    assertThat(result.statusCode()).isEqualTo(200);
    assertThat(result.executedVersion()).isEqualTo("$LATEST");
    assertThat(result.functionError()).isNull();
  }

  @Test
  void answersNullWhereTheHandlerReturnsNothing() throws Exception {
    LocalFunction function = stage.python("nothing", "def handler(event, context):\n  pass\n");

    assertThat(text(stage.run(function, "{}"))).isEqualTo("null");
  }

  @Test
  void prefersLambdaHandlerToHandler() throws Exception {
    LocalFunction function =
        stage.python(
            "both", "def handler(e, c):\n  return 1\n\ndef lambda_handler(e, c):\n  return 2\n");

    assertThat(text(stage.run(function, "{}"))).isEqualTo("2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"lambda_function.py", "app.py", "handler.py", "other.py"})
  void findsTheModuleOfAFolder(String module) throws Exception {
    // given
    stage.write("folder/" + module, "import near\nlambda_handler = near.run\n");
    stage.write("folder/near/__init__.py", "def run(event, context):\n  return event\n");
    LocalFunction function =
        LocalFunction.of("folder", FunctionRuntime.PYTHON, directory.resolve("folder"), null);

    // then
    assertThat(text(stage.run(function, "[true]"))).isEqualTo("[true]");
  }

  @Test
  void takesAHandlerInAFolderWithinTheFolder() throws Exception {
    stage.write("folder/src/__init__.py", "");
    stage.write("folder/src/app.py", "def run(event, context):\n  return context.function_name\n");
    LocalFunction function =
        LocalFunction.of(
            "deep", FunctionRuntime.PYTHON, directory.resolve("folder"), "src/app.run");

    assertThat(text(stage.run(function, "{}"))).isEqualTo("\"deep\"");
  }

  @Test
  void hasTheTraceOfTheCallAndElseOneOfItsOwn() throws Exception {
    String trace = "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1";
    LocalFunction function =
        stage.python(
            "trace", "import os\ndef handler(e, c):\n  return os.environ['_X_AMZN_TRACE_ID']\n");

    InvocationResult traced =
        await(stage.open(function).invoke(call("trace", "{}").withTraceHeader(trace)));

    assertThat(text(traced)).isEqualTo("\"" + trace + "\"");
    assertThat(text(stage.run(function, "{}")))
        .matches("\"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0\"");
  }

  @Test
  void hasTheContextOfTheCall() throws Exception {
    // given
    LocalFunction function =
        stage.python(
            "context",
            """
            import os
            def lambda_handler(event, context):
                return [context.aws_request_id, context.function_name, context.function_version,
                        context.invoked_function_arn, context.memory_limit_in_mb,
                        context.log_group_name, context.log_stream_name[10:20],
                        0 < context.get_remaining_time_in_millis() <= 20000,
                        context.client_context.custom["k"], context.client_context.env["l"],
                        context.client_context.client.app_title, os.getcwd(),
                        os.environ["_HANDLER"], os.environ["AWS_REGION"]]
            """);
    String clientContext =
        "{\"custom\":\n{\"k\": \"Grüße 😀\"}, \"env\": {\"l\": 1}, \"client\": {\"app_title\": \"t\"}}";

    // when
    InvocationResult result =
        await(
            stage
                .open(function)
                .invoke(
                    call(
                        "context:live",
                        "{}",
                        InvocationType.REQUEST_RESPONSE,
                        Duration.ofSeconds(30),
                        clientContext)));

    // then
    JsonNode context = json(result);
    assertThat(context.get(0).asText()).hasSize(36);
    assertThat(log(result)).contains("START RequestId: " + context.get(0).asText());
    assertThat(text(result).substring(text(result).indexOf(',')))
        .isEqualTo(
            ", \"context\", \"$LATEST\","
                + " \"arn:aws:lambda:eu-west-1:000000000000:function:context:live\", \"128\","
                + " \"/aws/lambda/context\", \"/[$LATEST]\""
                + ", true, \"Grüße 😀\", 1, \"t\", \""
                + directory
                + "\", \"context.lambda_handler\", \"eu-west-1\"]");
  }

  @Test
  void reportsAnExceptionInTheShapeOfTheRuntime() throws Exception {
    // given
    LocalFunction function =
        stage.python(
            "broken",
            """
            def inner():
                raise ValueError("Handler fails")
            def lambda_handler(event, context):
                inner()
            """);

    // when
    InvocationResult result = stage.run(function, "{}");

    // then
    String requestId = json(result).get("requestId").asText();
    assertThat(requestId).hasSize(36);
    assertThat(result.functionError()).isEqualTo("Unhandled");
    assertThat(text(result))
        .isEqualTo(
            ("{\"errorMessage\": \"Handler fails\", \"errorType\": \"ValueError\","
                    + " \"requestId\": \"%s\", \"stackTrace\": ["
                    + "\"  File \\\"%s\\\", line 4, in lambda_handler\\n    inner()\\n\","
                    + " \"  File \\\"%s\\\", line 2, in inner\\n"
                    + "    raise ValueError(\\\"Handler fails\\\")\\n\"]}")
                .formatted(requestId, function.code(), function.code()));
    assertThat(log(result))
        .contains("[ERROR] ValueError: Handler fails\rTraceback (most recent call last):\r")
        .endsWith("\tStatus: error\tError Type: Runtime.Unknown\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "import nowhere     | bad.lambda_handler | Runtime.ImportModuleError | Unable to import"
            + " module 'bad': No module named 'nowhere'",
        "x = = 1            | bad.lambda_handler | Runtime.UserCodeSyntaxError | Syntax error in"
            + " module 'bad': invalid syntax (bad.py, line 1)",
        "x = 1              | bad.run | Runtime.HandlerNotFound | Handler 'run' missing on module"
            + " 'bad'",
        "raise OSError('no')| bad.run | OSError | no"
      })
  void saysWhyAModuleCannotBeLoaded(String code, String handler, String type, String message)
      throws Exception {
    // given
    LocalFunction function = withHandler(stage.python("bad", code + "\n"), handler);

    // when
    InvocationResult result = stage.run(function, "{}");

    // then
    JsonNode error = json(result);
    assertThat(result.functionError()).isEqualTo("Unhandled");
    assertThat(error.get("errorType").asText()).isEqualTo(type);
    assertThat(error.get("errorMessage").asText()).isEqualTo(message);
    assertThat(error.get("requestId").asText()).isEmpty();
  }

  @Test
  void saysThatAHandlersNameIsMalformed() throws Exception {
    stage.write("folder/app.py", "");
    LocalFunction function =
        LocalFunction.of("name", FunctionRuntime.PYTHON, directory.resolve("folder"), "app");

    assertThat(json(stage.run(function, "{}")).get("errorMessage").asText())
        .isEqualTo("Bad handler 'app': not enough values to unpack (expected 2, got 1)");
  }

  @Test
  void saysWhatCannotBeMarshalled() throws Exception {
    LocalFunction function = stage.python("set", "def handler(e, c):\n  return {1}\n");

    assertThat(text(stage.run(function, "{}")))
        .startsWith(
            "{\"errorMessage\": \"Unable to marshal response: Object of type set is not JSON"
                + " serializable\", \"errorType\": \"Runtime.MarshalError\"");
  }

  @Test
  void showsWhatTheFunctionPrintedInOrder() throws Exception {
    // given
    LocalFunction function =
        stage.python(
            "prints",
            """
            import subprocess, sys
            print("loaded")
            def handler(event, context):
                print("out")
                print("err", file=sys.stderr)
                subprocess.run(["echo", "child"])
                sys.stdout.write("no end of line")
            """);

    // when
    InvocationResult result = stage.run(function, "{}");

    // then
    assertThat(log(result).replaceAll("[0-9a-f-]{36}", "ID").replaceAll("\\d+\\.\\d+ ms", "T ms"))
        .matches(
            """
            INIT_START Runtime Version: python:local\tRuntime Version ARN: \
            arn:aws:lambda:eu-west-1::runtime:local
            loaded
            START RequestId: ID Version: \\$LATEST
            out
            err
            child
            no end of line
            END RequestId: ID
            REPORT RequestId: ID\tDuration: T ms\tBilled Duration: \\d+ ms\tMemory Size: 128 MB\t\
            Max Memory Used: \\d+ MB\tInit Duration: T ms\t
            """);
  }

  @Test
  void seesItsOwnEnvironmentAndNotTheProxys() throws Exception {
    // given
    stage.close();
    LocalHostSettings settings = LocalFunctionStage.settings(directory);
    stage =
        new LocalFunctionStage(
            directory,
            new LocalHostSettings(
                settings.scratch(),
                Map.of(
                    "PATH", System.getenv("PATH"),
                    "HOME", "/home/me",
                    "AWS_ACCESS_KEY_ID", "AKIA",
                    "PGPASSWORD", "secret"),
                settings.initTime(),
                settings.eventRetryWaits(),
                settings.idleTime(),
                settings.queueLength()));
    LocalFunction function =
        stage.python(
            "environment",
            """
            import os, tempfile
            def handler(event, context):
                names = ["AWS_ACCESS_KEY_ID", "PGPASSWORD", "AWS_CONFIG_FILE", "MINE"]
                return [os.environ.get(n) for n in names] + [
                    os.path.samefile(tempfile.gettempdir(), os.environ["HOME"])]
            """);
    Map<String, String> own = Map.of("MINE", "1", "AWS_LAMBDA_FUNCTION_NAME", "forged");

    // when
    String alone = text(stage.run(LocalFunctionStage.withEnvironment(function, own, false), "{}"));
    String trusted = text(stage.run(LocalFunctionStage.withEnvironment(function, own, true), "{}"));

    // then
    assertThat(alone).isEqualTo("[null, null, null, \"1\", true]");
    assertThat(trusted).isEqualTo("[\"AKIA\", null, \"/home/me/.aws/config\", \"1\", true]");
  }
}
