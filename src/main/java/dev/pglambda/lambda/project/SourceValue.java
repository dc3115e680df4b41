package dev.pglambda.lambda.project;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A value of a YAML or JSON file that knows its place.
 *
 * @param place {@code file:line}, that of the key if the value has one
 * @param shape what it is
 * @param text a scalar as it was written, else empty
 * @param elements of a list, else empty
 * @param entries of a map in the file's order, else empty
 */
record SourceValue(
    String place,
    Shape shape,
    String text,
    List<SourceValue> elements,
    Map<String, SourceValue> entries) {

  /** The types of JSON, with their names in messages. */
  enum Shape {
    TEXT("text"),
    NUMBER("a number"),
    BOOLEAN("true or false"),
    NULL("nothing"),
    LIST("a list"),
    MAP("a map");

    private final String label;

    Shape(String label) {
      this.label = label;
    }
  }

  /** Numbers stay as they were written. */
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  static SourceValue scalar(String place, Shape shape, String text) {
    return new SourceValue(place, shape, text, List.of(), Map.of());
  }

  static SourceValue text(String place, String text) {
    return scalar(place, Shape.TEXT, text);
  }

  static SourceValue list(String place, List<SourceValue> elements) {
    return new SourceValue(place, Shape.LIST, "", List.copyOf(elements), Map.of());
  }

  /** A map, whose order is kept. */
  static SourceValue map(String place, Map<String, SourceValue> entries) {
    return new SourceValue(place, Shape.MAP, "", List.of(), new LinkedHashMap<>(entries));
  }

  /** Whether it is text, a number, true or false. */
  boolean isScalar() {
    return switch (shape) {
      case TEXT, NUMBER, BOOLEAN -> true;
      case NULL, LIST, MAP -> false;
    };
  }

  boolean isMap() {
    return shape == Shape.MAP;
  }

  /** The value behind some keys, one within the other; null: there is none, or it is empty. */
  @Nullable SourceValue get(String... keys) {
    SourceValue value = this;
    for (String key : keys) {
      value = value.entries.get(key);
      if (value == null || value.shape == Shape.NULL) {
        return null;
      }
    }
    return value;
  }

  JsonNode toJson() {
    JsonNodeFactory nodes = JSON.getNodeFactory();
    return switch (shape) {
      case TEXT -> nodes.textNode(text);
      case NUMBER -> number();
      case BOOLEAN -> nodes.booleanNode(Boolean.parseBoolean(text));
      case NULL -> nodes.nullNode();
      case LIST -> {
        ArrayNode array = nodes.arrayNode();
        elements.forEach(element -> array.add(element.toJson()));
        yield array;
      }
      case MAP -> {
        ObjectNode object = nodes.objectNode();
        entries.forEach((key, value) -> object.set(key, value.toJson()));
        yield object;
      }
    };
  }

  private JsonNode number() {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** For messages; the text of scalars is shown. */
  String described() {
    return switch (shape) {
      case TEXT -> '"' + text + '"';
      case NUMBER, BOOLEAN -> text;
      case NULL, LIST, MAP -> shape.label;
    };
  }

  /** That this value is wrong; the message shows the text of scalars. */
  FunctionsException wrong(String what, String expected) {
    return wrong(what, described(), expected);
  }

  FunctionsException wrong(String what, String actual, String expected) {
    return new FunctionsException(
        "%s: %s: %s (expected: %s)".formatted(place, what, actual, expected));
  }

  /** Without texts, which may be secrets. */
  @Override
  public String toString() {
    return "SourceValue[%s, %s]".formatted(place, shape.label);
  }
}
