package dev.pglambda.lambda.local;

import static dev.pglambda.lambda.local.LocalFunctionStage.await;
import static dev.pglambda.lambda.local.LocalFunctionStage.call;
import static dev.pglambda.lambda.local.LocalFunctionStage.json;
import static dev.pglambda.lambda.local.LocalFunctionStage.log;
import static dev.pglambda.lambda.local.LocalFunctionStage.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.route.FunctionRuntime;
import dev.pglambda.lambda.route.LocalFunction;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** AWS's own runtime interface client under this Runtime API. */
class JavaFunctionTest {
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

  private LocalFunction function(Map<String, String> environment) throws Exception {
    Path folder = Files.createDirectories(directory.resolve("echo"));
    LocalFunction function =
        LocalFunction.of(
            "echo", FunctionRuntime.JAVA, folder, JavaEcho.class.getName() + "::handle");
    return LocalFunctionStage.with(
        LocalFunctionStage.withEnvironment(function, environment, false),
        java.time.Duration.ofSeconds(20),
        1);
  }

  @Test
  void runsWithTheClientOfAws() throws Exception {
    // given
    List<String> client =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> entry.matches(".*/(aws-lambda-java-|utils-lite)[^/]*\\.jar"))
            .toList();
    Assumptions.assumeFalse(
        client.isEmpty(), "aws-lambda-java-runtime-interface-client: not on the class path");
    Path classes =
        Path.of(JavaEcho.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Path folder = Files.createDirectories(directory.resolve("echo/lib"));
    for (String jar : client) {
      Files.copy(Path.of(jar), folder.resolve(String.valueOf(Path.of(jar).getFileName())));
    }
    LambdaInvoker invoker = stage.open(function(Map.of("CLASSPATH", classes.toString())));

    // when
    InvocationResult echo = await(invoker.invoke(call("echo", "{\"a\":[1,\"ü\"]}")));
    InvocationResult failed = await(invoker.invoke(call("echo", "{\"fail\":1}")));

    // then
    assertThat(text(echo)).isEqualTo("{\"a\":[1,\"ü\"]}");
    assertThat(log(echo)).contains("\necho in Java\n", "\tInit Duration: ");
    assertThat(failed.functionError()).isEqualTo("Unhandled");
    assertThat(json(failed).get("errorType").asText()).isEqualTo("java.lang.IllegalStateException");
    assertThat(json(failed).get("errorMessage").asText()).isEqualTo("asked to");
  }

  @Test
  void namesTheArtifactWhereTheClientIsMissing() throws Exception {
    assertThat(text(stage.run(function(Map.of()), "{}")))
        .startsWith("{\"errorType\":\"Runtime.InvalidEntrypoint\"")
        .contains("com.amazonaws:aws-lambda-java-runtime-interface-client");
  }
}
