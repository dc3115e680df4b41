package dev.pglambda.command;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A call as the JSON API has it, perhaps without its payloads. Fields that are missing count as
 * null.
 */
final class ListedCall {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final byte[] json;
  private final JsonNode fields;

  private ListedCall(byte[] json, JsonNode fields) {
    this.json = json;
    this.fields = fields;
  }

  /**
   * Reads one object.
   *
   * @throws IOException if it is none
   */
  static ListedCall parse(byte[] json) throws IOException {
    JsonNode fields = MAPPER.readTree(json);
    if (!fields.path("id").isIntegralNumber()) {
      throw new IOException("no call");
    }
    return new ListedCall(json, fields);
  }

  /**
   * Reads {@code {"invocations": [..]}}.
   *
   * @throws IOException if it is something else
   */
  static List<ListedCall> parseList(byte[] answer) throws IOException {
    List<ListedCall> calls = new ArrayList<>();
    try (JsonParser parser = MAPPER.createParser(answer)) {
      if (parser.nextToken() != JsonToken.START_OBJECT
          || !"invocations".equals(parser.nextFieldName())
          || parser.nextToken() != JsonToken.START_ARRAY) {
        throw new IOException("no list of calls");
      }
      while (parser.nextToken() == JsonToken.START_OBJECT) {
        int start = (int) parser.currentTokenLocation().getByteOffset();
        parser.skipChildren();
        int end = (int) parser.currentLocation().getByteOffset();
        calls.add(parse(Arrays.copyOfRange(answer, start, end)));
      }
    }
    return calls;
  }

  /** The object as it came; not to be changed. */
  byte[] json() {
    return json;
  }

  long id() {
    return fields.path("id").asLong();
  }

  /** When it began, as the proxy wrote it. */
  String startedAt() {
    return text("started_at");
  }

  String functionName() {
    return text("function_name");
  }

  boolean hasEnded() {
    return !text("outcome").equals("pending");
  }

  boolean hasFailed() {
    return hasEnded() && !text("outcome").equals("ok");
  }

  /** A field's text; empty for null. */
  String text(String field) {
    return fields.path(field).asText("");
  }

  /** A field's number; 0 for null. */
  double number(String field) {
    return fields.path(field).asDouble(0);
  }
}
