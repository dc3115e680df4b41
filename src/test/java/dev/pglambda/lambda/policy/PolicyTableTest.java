package dev.pglambda.lambda.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pglambda.lambda.FunctionReference;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LogType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the policies to the tables of {@code docs/policies.md}. */
class PolicyTableTest {
  private static final String ROLE = "arn:aws:iam::444455556666:role/rds-lambda-role";
  private static final Pattern CODE = Pattern.compile("`([^`]*)`");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  record Decisions(String statement, List<String> allowed, List<String> refused) {}

  record Mistake(String statement, String error) {}

  static Stream<Decisions> decisions() throws IOException {
    return rows(3).map(row -> new Decisions(row.get(0).get(0), row.get(1), row.get(2)));
  }

  static Stream<Mistake> mistakes() throws IOException {
    return rows(2).map(row -> new Mistake(row.get(0).get(0), row.get(1).get(0)));
  }

  /** The texts in code of each cell, of the rows that have so many cells. */
  private static Stream<List<List<String>>> rows(int cells) throws IOException {
    return Files.readAllLines(Path.of("docs/policies.md")).stream()
        .filter(line -> line.startsWith("| `\""))
        .map(line -> line.substring(1, line.length() - 1).split("\\|", -1))
        .filter(row -> row.length == cells)
        .map(row -> Arrays.stream(row).map(PolicyTableTest::codes).toList());
  }

  private static List<String> codes(String cell) {
    return CODE.matcher(cell).results().map(code -> code.group(1)).toList();
  }

  @ParameterizedTest
  @MethodSource("decisions")
  void decideAsTheDocumentSays(Decisions row) throws Exception {
    Policies policies = Policies.read(List.of(document(row.statement())));

    assertThat(row.allowed().size() + row.refused().size()).isPositive();
    for (String call : row.allowed()) {
      assertThat(refusal(policies, call)).as(call).isNull();
    }
    for (String call : row.refused()) {
      assertThat(refusal(policies, call)).as(call).isInstanceOf(InvocationException.class);
    }
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void areRefusedWithFileAndPlace(Mistake row) throws Exception {
    Path file = document(row.statement());

    assertThatThrownBy(() -> Policies.read(List.of(file)))
        .isInstanceOf(PolicyException.class)
        .hasMessageStartingWith(file + ": " + row.error());
  }

  private Path document(String fields) throws IOException {
    ObjectNode stated = (ObjectNode) JSON.readTree("{" + fields + "}");
    ObjectNode statement = allowAll();
    if (stated.has("NotAction")) {
      statement.remove("Action");
    }
    if (stated.has("NotResource")) {
      statement.remove("Resource");
    }
    statement.setAll(stated);
    ObjectNode document = JSON.createObjectNode().put("Version", "2012-10-17");
    ArrayNode statements = document.putArray("Statement").add(statement);
    if (statement.path("Effect").asText().equals("Deny")) {
      statements.add(allowAll());
    }
    return Files.writeString(folder.resolve("policy.json"), document.toPrettyString());
  }

  private static ObjectNode allowAll() {
    return JSON.createObjectNode()
        .put("Effect", "Allow")
        .put("Action", "lambda:InvokeFunction")
        .put("Resource", "*");
  }

  private static @Nullable InvocationException refusal(Policies policies, String functionName)
      throws InvocationException {
    Invocation invocation =
        new Invocation(
            functionName,
            "eu-west-1",
            InvocationType.REQUEST_RESPONSE,
            LogType.NONE,
            null,
            null,
            ByteBuffer.allocate(0),
            Duration.ofSeconds(1),
            Duration.ofSeconds(1));
    return policies.refusal(FunctionReference.of(invocation), ROLE);
  }
}
