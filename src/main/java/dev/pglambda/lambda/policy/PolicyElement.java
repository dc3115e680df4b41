package dev.pglambda.lambda.policy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A value in a policy document.
 *
 * @param file where it was read
 * @param place in the file, for example {@code Statement[0].Effect}; empty: the document
 * @param value what stands there
 */
record PolicyElement(Path file, String place, JsonNode value) {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** The document in a file. */
  static PolicyElement read(Path file) throws PolicyException {
    try {
      return new PolicyElement(file, "", JSON.readTree(Files.readAllBytes(file)));
    } catch (JsonProcessingException noJson) {
      String place = "%s: line %d".formatted(file, noJson.getLocation().getLineNr());
      throw new PolicyException(place, noJson.getOriginalMessage(), "JSON");
    } catch (IOException unreadable) {
      throw new PolicyException(file.toString(), unreadable.toString(), "a readable file");
    }
  }

  /** The fields of an object, in their order. */
  Map<String, PolicyElement> fields() throws PolicyException {
    if (!value.isObject()) {
      throw error("an object");
    }
    Map<String, PolicyElement> fields = new LinkedHashMap<>();
    String prefix = place.isEmpty() ? "" : place + ".";
    value
        .properties()
        .forEach(
            field ->
                fields.put(
                    field.getKey(),
                    new PolicyElement(file, prefix + field.getKey(), field.getValue())));
    return fields;
  }

  /** The fields of an object that has no others than these. */
  Map<String, PolicyElement> fields(List<String> known) throws PolicyException {
    Map<String, PolicyElement> fields = fields();
    for (Map.Entry<String, PolicyElement> field : fields.entrySet()) {
      if (!known.contains(field.getKey())) {
        throw field.getValue().unsupported(String.join(", ", known));
      }
    }
    return fields;
  }

  /** A field that must be there. */
  PolicyElement field(String name) throws PolicyException {
    PolicyElement field = fields().get(name);
    if (field == null) {
      throw new PolicyException(at(), "not all there", name);
    }
    return field;
  }

  /** The elements of an array, or this one alone if it is none. */
  List<PolicyElement> elements() throws PolicyException {
    if (!value.isArray()) {
      return List.of(this);
    }
    List<PolicyElement> elements = new ArrayList<>();
    for (JsonNode element : value) {
      elements.add(new PolicyElement(file, "%s[%d]".formatted(place, elements.size()), element));
    }
    if (elements.isEmpty()) {
      throw error("at least one element");
    }
    return elements;
  }

  String text() throws PolicyException {
    if (!value.isTextual()) {
      throw error("a text");
    }
    return value.textValue();
  }

  /** The value is not what is expected. */
  PolicyException error(String expected) {
    return new PolicyException(at(), value.toString(), expected);
  }

  /** The name of this field is none of those that are supported. */
  PolicyException unsupported(String supported) {
    return new PolicyException(at(), "not supported", supported);
  }

  private String at() {
    return place.isEmpty() ? file.toString() : file + ": " + place;
  }
}
