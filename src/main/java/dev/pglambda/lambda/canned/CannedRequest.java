package dev.pglambda.lambda.canned;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.pglambda.lambda.FunctionReference;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.ServiceErrors;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * What a canned reply knows of the request.
 *
 * @param function the function that is called
 * @param id of the request
 * @param payload of the request; numbers are as exact as they were written
 */
record CannedRequest(FunctionReference function, String id, JsonNode payload) {
  /** Of a reply within which a whole payload stands: both may be as deep as JSON is read. */
  private static final StreamWriteConstraints DEEP =
      StreamWriteConstraints.builder()
          .maxNestingDepth(2 * StreamReadConstraints.DEFAULT_MAX_DEPTH)
          .build();

  /** Numbers stay as they are. */
  static final JsonMapper JSON =
      JsonMapper.builder(JsonFactory.builder().streamWriteConstraints(DEEP).build())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private static final Pattern FIELD =
      Pattern.compile("\\{\\{ *(payload(\\.[^{}]+?)?|function|qualifier|request_id|now) *}}");

  /** Fails in the service's words if the payload is not JSON. */
  static CannedRequest of(FunctionReference function, Invocation invocation)
      throws InvocationException {
    byte[] payload = new byte[invocation.payload().remaining()];
    invocation.payload().duplicate().get(payload);
    try {
      return new CannedRequest(function, UUID.randomUUID().toString(), JSON.readTree(payload));
    } catch (IOException noJson) {
      throw ServiceErrors.refused(
          "Could not parse request body into json: Could not parse payload into json: "
              + noJson.getMessage());
    }
  }

  /**
   * Whether the payload contains this one: each of its fields, deeply, and each of its elements.
   */
  boolean contains(JsonNode expected) {
    return contains(payload, expected);
  }

  private static boolean contains(JsonNode actual, JsonNode expected) {
    if (expected.isObject()) {
      return actual.isObject()
          && expected.properties().stream()
              .allMatch(field -> contains(actual.path(field.getKey()), field.getValue()));
    } else if (expected.isArray()) {
      return actual.isArray()
          && IntStream.range(0, expected.size())
              .allMatch(index -> contains(actual.path(index), expected.path(index)));
    } else if (expected.isNumber()) {
      return actual.isNumber() && actual.decimalValue().compareTo(expected.decimalValue()) == 0;
    }
    return actual.equals(expected);
  }

  /**
   * A reply with the fields of the request in its texts. A text that is nothing but a field becomes
   * the field's value, of whatever type; null if there is none.
   */
  JsonNode fill(JsonNode template) {
    if (template.isObject()) {
      ObjectNode filled = JSON.createObjectNode();
      template.properties().forEach(field -> filled.set(field.getKey(), fill(field.getValue())));
      return filled;
    } else if (template.isArray()) {
      ArrayNode filled = JSON.createArrayNode();
      template.forEach(element -> filled.add(fill(element)));
      return filled;
    }
    return template.isTextual() ? fill(template.textValue()) : template;
  }

  private JsonNode fill(String template) {
    Matcher fields = FIELD.matcher(template);
    if (fields.matches()) {
      return value(fields.group(1));
    }
    return TextNode.valueOf(
        fields.replaceAll(field -> Matcher.quoteReplacement(text(value(field.group(1))))));
  }

  private static String text(JsonNode value) {
    return value.isTextual() ? value.textValue() : value.isNull() ? "" : value.toString();
  }

  private JsonNode value(String field) {
    String qualifier = function.qualifier();
    return switch (field) {
      case "function" -> TextNode.valueOf(function.name());
      case "qualifier" -> qualifier == null ? NullNode.instance : TextNode.valueOf(qualifier);
      case "request_id" -> TextNode.valueOf(id);
      case "now" -> TextNode.valueOf(Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
      default -> inPayload(field);
    };
  }

  private JsonNode inPayload(String field) {
    JsonNode found =
        Arrays.stream(field.split("\\.", -1))
            .skip(1)
            .reduce(payload, CannedRequest::step, (first, second) -> second);
    return found.isMissingNode() ? NullNode.instance : found;
  }

  private static JsonNode step(JsonNode value, String name) {
    if (value.isArray()) {
      return name.matches("\\d{1,9}")
          ? value.path(Integer.parseInt(name))
          : MissingNode.getInstance();
    }
    return value.path(name);
  }
}
