package dev.pglambda.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.pglambda.admin.AdminStage.Setup;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Holds what is served to the document that describes it. */
class ApiDocumentTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> METHODS = List.of("get", "post", "delete");

  private AdminStage stage;
  private JsonNode document;

  @BeforeEach
  void start() throws Exception {
    stage = new AdminStage(Setup.DEFAULT);
    document = stage.json("/api/openapi.json");
  }

  @AfterEach
  void close() throws Exception {
    stage.close();
  }

  @Test
  void describesEveryRouteAndNoOther() {
    Set<String> documented = new TreeSet<>();
    document
        .get("paths")
        .properties()
        .forEach(
            path ->
                METHODS.stream()
                    .filter(path.getValue()::has)
                    .forEach(
                        method ->
                            documented.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey())));
    Set<String> served = new TreeSet<>();
    stage
        .server()
        .router()
        .routes()
        .forEach(
            (path, methods) -> methods.keySet().forEach(each -> served.add(each + " " + path)));
    served.removeIf(route -> PageFiles.isPublic(route.split(" ", 2)[1]));

    assertThat(served).isEqualTo(documented);
  }

  @ParameterizedTest
  @CsvSource({
    "/api/invocations/1, Invocation, ''",
    "/api/invocations/2, Invocation, ''",
    "/api/invocations/3, Invocation, ''",
    "/api/sessions, Session, /sessions/0",
    "/api/functions, Function, /functions/0",
    "/api/functions, Route, /routes/0",
    "/api/status, Status, ''",
    "/health/ready, Health, ''",
    "/nothing, Error, ''"
  })
  void describesEveryFieldAndNoOther(String path, String schema, String pointer) throws Exception {
    stage.call("notify-order", "{}");
    stage.call(null, null);
    stage.answer = AdminStage.failing();
    stage.call("notify-order", "{}");

    JsonNode value = stage.json(path).at(pointer);

    JsonNode described = document.at("/components/schemas/" + schema);
    assertThat(names(value)).isNotEmpty().isEqualTo(names(described.get("properties")));
    JsonSchema compiled =
        JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(described);
    assertThat(compiled.validate(value)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /api/invocations, /api/invocations, 200",
    "GET, /api/invocations, /api/invocations?limit=x, 400",
    "DELETE, /api/invocations, /api/invocations, 204",
    "GET, /api/invocations/{id}, /api/invocations/1, 200",
    "GET, /api/invocations/{id}, /api/invocations/99, 404",
    "POST, /api/invocations/{id}/replay, /api/invocations/1/replay, 200",
    "POST, /api/invocations/{id}/replay, /api/invocations/99/replay, 404",
    "GET, /api/sessions, /api/sessions, 200",
    "GET, /api/functions, /api/functions, 200",
    "GET, /api/status, /api/status, 200",
    "GET, /health/live, /health/live, 200",
    "GET, /health/ready, /health/ready, 200",
    "GET, /metrics, /metrics, 200",
    "GET, /, /, 200",
    "POST, /login, /login, 303"
  })
  void describesEachStatus(String method, String route, String path, int status) throws Exception {
    stage.call("notify-order", "{}");

    HttpResponse<String> response =
        stage.send(stage.request(path).method(method, HttpRequest.BodyPublishers.noBody()));

    assertThat(response.statusCode()).isEqualTo(status);
    JsonNode operation =
        document.get("paths").get(route).get(method.toLowerCase(Locale.ROOT)).get("responses");
    assertThat(names(operation)).contains(String.valueOf(status), "default");
  }

  @Test
  void namesTheSameStatusesOfErrorsAsTheGuide() throws Exception {
    Set<String> described = new TreeSet<>();
    document
        .get("paths")
        .forEach(
            path ->
                path.forEach(operation -> described.addAll(names(operation.path("responses")))));
    described.removeIf(status -> !status.matches("[45].."));
    Pattern status = Pattern.compile("\\b[45]\\d\\d\\b");
    String refused = document.at("/components/responses/Refused/description").asText();
    status.matcher(refused).results().forEach(each -> described.add(each.group()));

    String guide =
        Files.readAllLines(Path.of("docs/observing.md")).stream()
            .filter(line -> line.startsWith("* An error is"))
            .findFirst()
            .orElseThrow();

    assertThat(status.matcher(guide).results().map(MatchResult::group))
        .containsExactlyElementsOf(described);
  }

  @Test
  void saysWhatASummaryLeavesOut() throws Exception {
    stage.call("notify-order", "{}");

    JsonNode summary = stage.json("/api/invocations?fields=summary").at("/invocations/0");

    Set<String> required = new TreeSet<>();
    document
        .at("/components/schemas/Invocation/required")
        .forEach(each -> required.add(each.asText()));
    assertThat(names(summary)).isEqualTo(required);
  }

  private static Set<String> names(JsonNode object) {
    Set<String> names = new TreeSet<>();
    for (Iterator<String> each = object.fieldNames(); each.hasNext(); ) {
      names.add(each.next());
    }
    return names;
  }

  @Test
  void isWhatThePackageHas() throws Exception {
    assertThat(JSON.readTree(ApiDocumentTest.class.getResourceAsStream("openapi.json")))
        .isEqualTo(document);
  }
}
