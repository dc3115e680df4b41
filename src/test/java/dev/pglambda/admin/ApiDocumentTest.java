package dev.pglambda.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.pglambda.admin.AdminStage.Setup;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
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
