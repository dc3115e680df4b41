package dev.pglambda.lambda.project;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Editors know by docs/functions.schema.json what the proxy takes. */
class FunctionsSchemaTest {
  private static final String SCHEMA = read("docs/functions.schema.json");

  /** Only the files know whether these hold. */
  private static final Set<String> BEYOND_THE_SCHEMA =
      Set.of(
          "local: {code: nowhere}",
          "local: {code: several}",
          "local: {code: orders, runtime: java21}",
          "local: {code: orders, aliases: {live: 3}}",
          "local: {code: orders, env_file: .nope}");

  private final JsonSchema schema =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(SCHEMA);

  @TempDir Path directory;

  private ProjectFolder folder;

  private static String read(String file) {
    try {
      return Files.readString(Path.of(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @BeforeEach
  void folder() throws Exception {
    folder = new ProjectFolder(directory);
    folder.write("orders/app.py");
  }

  private boolean schemaTakes(Path file) throws FunctionsException {
    JsonNode document = SourceFile.read(file).toJson();
    return schema.validate(document).isEmpty();
  }

  static Stream<String> refusedBySchemaAndReader() {
    return FunctionsFileTest.refusals().stream()
        .map(FunctionsFileTest.Refusal::route)
        .distinct()
        .filter(route -> !BEYOND_THE_SCHEMA.contains(route));
  }

  @ParameterizedTest
  @MethodSource("refusedBySchemaAndReader")
  void refusesWhatTheReaderRefuses(String route) throws Exception {
    Path file = folder.write("functions.yaml", FunctionsFileTest.linesOf(route));

    assertThat(schemaTakes(file)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "local: {code: orders}",
        "local: {code: orders, runtime: python, handler: a.b, timeout: 300ms, memory: 1}",
        "local: {code: orders, environment: {A: b, B: 1, C: true}, concurrency: 1000}",
        "local: {code: orders, versions: [1, '2'], aliases: {live: 2, a-b: $LATEST}}",
        "local: {code: orders, command: [python3, 1], credentials: none}",
        "endpoint: {}",
        "endpoint: {url: 'http://localhost:3002/x', region: us-gov-west-1, dialect: rie, retries: 10}",
        "endpoint: {dialect: {name: function, qualifier: drop, log_type: send}, profile: p}",
        "endpoint: {role: 'arn:aws-cn:iam::111122223333:role/a/b', request_timeout: 2m}",
        "reply: {}",
        "reply: {payload: null, status: 599, error: Handled, delay: 1s, log: x}",
        "reply: {sequence: [{payload: [1]}, {}], when: [{contains: 1, sequence: [{}]}]}",
        "reply: {}; role: 'arn:aws:iam::111122223333:role/x'; faults: [{delay: 1s, rate: 0}, {refuse: 1}]",
      })
  void takesWhatTheReaderTakes(String route) throws Exception {
    Path file = folder.write("functions.yaml", FunctionsFileTest.linesOf(route));

    assertThat(folder.refusal("functions.yaml")).isNull();
    assertThat(schemaTakes(file)).isTrue();
  }

  @Test
  void hasTheKeysOfTheReaderAndNoOthers() throws Exception {
    Path file = Path.of("docs/functions.schema.json");
    SourceValue schema = SourceFile.read(file);

    assertThat(keys(schema)).containsExactlyInAnyOrderElementsOf(FunctionsFile.KEYS);
    assertThat(keys(schema, "$defs", "route"))
        .containsExactlyInAnyOrderElementsOf(FunctionsFile.ROUTE_KEYS);
    assertThat(keys(schema, "$defs", "fault"))
        .containsExactlyInAnyOrderElementsOf(FunctionsFile.FAULT_KEYS);
    assertThat(keys(schema, "$defs", "local"))
        .containsExactlyInAnyOrderElementsOf(LocalSection.KEYS);
    assertThat(keys(schema, "$defs", "endpoint"))
        .containsExactlyInAnyOrderElementsOf(EndpointSection.KEYS);
    assertThat(keys(schema, "$defs", "reply"))
        .containsExactlyInAnyOrderElementsOf(ReplySection.KEYS);
    assertThat(keys(schema, "$defs", "reply", "properties", "when", "items"))
        .containsExactlyInAnyOrderElementsOf(ReplySection.CASE_KEYS);
    assertThat(keys(schema, "$defs", "sequence", "items"))
        .containsExactlyInAnyOrderElementsOf(ReplySection.ANSWER_KEYS);
  }

  private static List<String> keys(SourceValue schema, String... path) {
    SourceValue found = schema.get(path);
    SourceValue properties = found == null ? null : found.get("properties");
    return properties == null ? List.of() : List.copyOf(properties.entries().keySet());
  }
}
