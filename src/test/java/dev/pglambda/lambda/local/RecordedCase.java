package dev.pglambda.lambda.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LogType;
import dev.pglambda.lambda.route.FunctionRuntime;
import dev.pglambda.lambda.route.LocalFunction;
import dev.pglambda.testing.RequiredPrograms;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/** A case of recorded-answers.yaml, whose head says what its parts mean. */
record RecordedCase(JsonNode json) {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(50);
  private static final String RETURNS_ITS_EVENT =
      "def lambda_handler(event, context):\n    return event\n";

  /** A call of the function as it is. */
  static final Invocation PLAIN =
      invocation("f", InvocationType.REQUEST_RESPONSE, LogType.NONE, null, "{}");

  static Stream<RecordedCase> all() throws IOException {
    try (InputStream file = RecordedCase.class.getResourceAsStream("recorded-answers.yaml")) {
      JsonNode cases = new YAMLMapper().readTree(file);
      return StreamSupport.stream(cases.spliterator(), false).map(RecordedCase::new);
    }
  }

  private static Invocation invocation(
      String name,
      InvocationType type,
      LogType logType,
      @Nullable String qualifier,
      String payload) {
    return new Invocation(
        name,
        "us-east-1",
        type,
        logType,
        null,
        qualifier,
        ByteBuffer.wrap(payload.getBytes(UTF_8)),
        CONNECT_TIMEOUT,
        REQUEST_TIMEOUT);
  }

  boolean isAllowed() {
    return json.path("policy").asBoolean(true);
  }

  boolean isBusy() {
    return json.path("busy").asBoolean();
  }

  Invocation invocation() {
    JsonNode request = json.path("request");
    String type = request.path("type").asText("RequestResponse");
    int length = request.path("payload_length").asInt();
    String payload = request.has("payload") ? request.get("payload").toString() : "{}";
    return invocation(
        request.path("name").asText("f"),
        Arrays.stream(InvocationType.values())
            .filter(each -> each.apiName().equals(type))
            .findFirst()
            .orElseThrow(),
        json.has("log") ? LogType.TAIL : LogType.NONE,
        request.path("qualifier").textValue(),
        length == 0 ? payload : '"' + "x".repeat(length - 2) + '"');
  }

  JsonNode answer() {
    return json.path("answer");
  }

  @Nullable String refusal() {
    return json.path("refusal").textValue();
  }

  /** The whole log. */
  String log() {
    return StreamSupport.stream(json.get("log").spliterator(), false)
        .map(JsonNode::textValue)
        .collect(Collectors.joining("\n", "", "\n"));
  }

  private FunctionRuntime runtime() {
    return FunctionRuntime.named(json.path("runtime").asText("python")).orElseThrow();
  }

  private JsonNode property(String name) {
    return json.path("function").path(name);
  }

  void skipWithoutPrograms() {
    switch (runtime()) {
      case PYTHON -> RequiredPrograms.skipWithout("python3");
      case NODE -> RequiredPrograms.skipWithout("node");
      case PROVIDED -> RequiredPrograms.skipWithout("sh", "curl");
      case JAVA -> RequiredPrograms.skipWithout("java");
      case RUBY -> RequiredPrograms.skipWithout("ruby");
    }
  }

  /** The function, in a folder below this one. */
  LocalFunction function(Path directory) throws IOException {
    Path folder = Files.createDirectory(directory.resolve("f"));
    if (!property("code").asText().equals("none")) {
      write(folder, json.path("code").asText(RETURNS_ITS_EVENT));
    }
    Set<String> versions =
        StreamSupport.stream(property("versions").spliterator(), false)
            .map(JsonNode::asText)
            .collect(Collectors.toSet());
    return new LocalFunction(
        "f",
        runtime(),
        folder,
        property("handler").textValue(),
        Map.of(),
        Duration.ofSeconds(property("timeout").asInt(10)),
        LocalFunction.DEFAULT_MEMORY_MEGABYTES,
        property("concurrency").asInt(LocalFunction.DEFAULT_CONCURRENCY),
        versions,
        Map.of(),
        List.of(),
        false);
  }

  private void write(Path folder, String code) throws IOException {
    switch (runtime()) {
      case PYTHON -> Files.writeString(folder.resolve("lambda_function.py"), code);
      case NODE -> Files.writeString(folder.resolve("index.mjs"), code);
      case RUBY -> Files.writeString(folder.resolve("lambda_function.rb"), code);
      case JAVA -> compile(Files.writeString(folder.resolve("Handler.java"), code), folder);
      case PROVIDED ->
          Files.setPosixFilePermissions(
              Files.writeString(folder.resolve("bootstrap"), code),
              PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  /** The runtime interface client of AWS is on the tests' class path. */
  private static void compile(Path source, Path folder) throws IOException {
    int failed =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-d", folder.toString(), source.toString());
    if (failed != 0) {
      throw new IOException("javac: " + failed);
    }
    Path lib = Files.createDirectory(folder.resolve("lib"));
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      String name = new File(entry).getName();
      if (name.startsWith("aws-lambda-java-")) {
        Files.copy(Path.of(entry), lib.resolve(name));
      }
    }
  }

  /** For the names of the tests. */
  @Override
  public String toString() {
    return json.path("case").asText();
  }
}
