package dev.pglambda.lambda.project;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.pglambda.lambda.project.SourceValue.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * A YAML or JSON file of limited size. Scalars of YAML are what JSON has, as YAML 1.2's core schema
 * says: {@code yes} and {@code 0x1F} are texts. The short tags of CloudFormation ({@code !Ref x})
 * are read as the maps that they stand for.
 */
final class SourceFile {
  private static final int MOST_BYTES_OF_YAML = 1 << 20;

  /** A manifest of the CDK holds the traces of a whole application. */
  private static final int MOST_BYTES_OF_JSON = 16 << 20;

  /** With what aliases repeat; a file of the largest size without aliases has fewer. */
  private static final int MOST_VALUES = 1 << 20;

  private static final int MOST_LEVELS = 100;
  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?");
  private static final JsonFactory JSON = new JsonFactory();

  private final Path file;
  private int values;

  private SourceFile(Path file) {
    this.file = file;
  }

  /** Reads a file: JSON if its name ends so, else YAML. */
  static SourceValue read(Path file) throws FunctionsException {
    SourceFile source = new SourceFile(file);
    return file.toString().endsWith(".json")
        ? source.json(text(file, MOST_BYTES_OF_JSON))
        : source.yaml(text(file, MOST_BYTES_OF_YAML));
  }

  /** A whole file of UTF-8, without its byte order mark. */
  static String text(Path file, int mostBytes) throws FunctionsException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      // To open a FIFO, or to read a device, can last for ever.
      throw new FunctionsException("%s: file: another kind (expected: a file)".formatted(file));
    }
    try (InputStream content = Files.newInputStream(file)) {
      byte[] bytes = content.readNBytes(mostBytes + 1);
      if (bytes.length > mostBytes) {
        throw new FunctionsException(
            "%s: size: more than %d bytes (expected: at most that)".formatted(file, mostBytes));
      }
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException malformed) {
      throw new FunctionsException("%s: encoding: not UTF-8 (expected: UTF-8)".formatted(file));
    } catch (NoSuchFileException missing) {
      throw new FunctionsException("%s: file: not there (expected: a file)".formatted(file));
    } catch (IOException unreadable) {
      throw new FunctionsException(
          "%s: file: cannot be read: %s (expected: a file to read)"
              .formatted(file, unreadable.getClass().getSimpleName()));
    }
  }

  private String place(int line) {
    return file + ":" + line;
  }

  private FunctionsException failure(int line, String message) {
    return new FunctionsException(place(line) + ": " + message);
  }

  private SourceValue yaml(String text) throws FunctionsException {
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(MOST_BYTES_OF_YAML);
    Node root;
    try {
      root = new Yaml(new SafeConstructor(options)).compose(new StringReader(text));
    } catch (MarkedYAMLException malformed) {
      Mark mark = malformed.getProblemMark();
      throw failure(
          mark == null ? 1 : mark.getLine() + 1,
          "syntax: %s (expected: YAML)".formatted(malformed.getProblem()));
    } catch (YAMLException malformed) {
      throw failure(1, "syntax: %s (expected: YAML)".formatted(malformed.getMessage()));
    }
    if (root == null) {
      throw failure(1, "content: none (expected: a map)");
    }
    return value(root, line(root), 0);
  }

  private static int line(Node node) {
    return node.getStartMark().getLine() + 1;
  }

  private SourceValue value(Node node, int line, int level) throws FunctionsException {
    if (++values > MOST_VALUES || level > MOST_LEVELS) {
      throw failure(
          line,
          "aliases: they make too much of the file (expected: at most %d values, %d levels)"
              .formatted(MOST_VALUES, MOST_LEVELS));
    }
    SourceValue untagged = untagged(node, line, level);
    String tag = node.getTag().getValue();
    return tag.startsWith("!") && tag.length() > 1
        ? functionOf(tag.substring(1), untagged)
        : untagged;
  }

  private SourceValue untagged(Node node, int line, int level) throws FunctionsException {
    if (node instanceof ScalarNode scalar) {
      return SourceValue.scalar(place(line), shape(scalar), scalar.getValue());
    } else if (node instanceof SequenceNode sequence) {
      List<SourceValue> elements = new ArrayList<>();
      for (Node element : sequence.getValue()) {
        elements.add(value(element, line(element), level + 1));
      }
      return SourceValue.list(place(line), elements);
    } else if (node instanceof MappingNode mapping) {
      return map(mapping, line, level);
    }
    throw new IllegalStateException("node: " + node.getNodeId());
  }

  private static Shape shape(ScalarNode scalar) {
    Tag tag = scalar.getTag();
    String text = scalar.getValue();
    if (!scalar.isPlain()) {
      return Shape.TEXT;
    } else if (tag.equals(Tag.NULL)) {
      return Shape.NULL;
    } else if (tag.equals(Tag.BOOL) && (text.equals("true") || text.equals("false"))) {
      return Shape.BOOLEAN;
    } else if ((tag.equals(Tag.INT) || tag.equals(Tag.FLOAT)) && NUMBER.matcher(text).matches()) {
      return Shape.NUMBER;
    }
    return Shape.TEXT;
  }

  private SourceValue map(MappingNode node, int line, int level) throws FunctionsException {
    Map<String, SourceValue> entries = new LinkedHashMap<>();
    Map<String, SourceValue> merged = new LinkedHashMap<>();
    for (NodeTuple tuple : node.getValue()) {
      int keyLine = line(tuple.getKeyNode());
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        throw failure(keyLine, "key: a list or map (expected: text)");
      }
      SourceValue value = value(tuple.getValueNode(), keyLine, level + 1);
      if (key.getTag().equals(Tag.MERGE)) {
        List<SourceValue> sources = value.isMap() ? List.of(value) : value.elements();
        sources.forEach(source -> source.entries().forEach(merged::putIfAbsent));
      } else {
        put(entries, key.getValue(), value, keyLine);
      }
    }
    merged.forEach(entries::putIfAbsent);
    return SourceValue.map(place(line), entries);
  }

  private void put(Map<String, SourceValue> entries, String key, SourceValue value, int line)
      throws FunctionsException {
    if (entries.put(key, value) != null) {
      throw failure(line, "key: \"%s\" a second time (expected: once)".formatted(key));
    }
  }

  /** {@code !Ref x} is {@code {Ref: x}}, {@code !GetAtt a.b} is {@code {Fn::GetAtt: [a, b]}}. */
  private static SourceValue functionOf(String tag, SourceValue argument) {
    String place = argument.place();
    String key = tag.equals("Ref") || tag.equals("Condition") ? tag : "Fn::" + tag;
    int dot = argument.text().indexOf('.');
    if (tag.equals("GetAtt") && dot > 0) {
      String text = argument.text();
      List<SourceValue> parts =
          List.of(
              SourceValue.text(place, text.substring(0, dot)),
              SourceValue.text(place, text.substring(dot + 1)));
      return SourceValue.map(place, Map.of(key, SourceValue.list(place, parts)));
    }
    return SourceValue.map(place, Map.of(key, argument));
  }

  private SourceValue json(String text) throws FunctionsException {
    try (JsonParser parser = JSON.createParser(text)) {
      if (parser.nextToken() == null) {
        throw failure(1, "content: none (expected: JSON)");
      }
      SourceValue value = value(parser, line(parser));
      if (parser.nextToken() != null) {
        throw failure(line(parser), "content: more than one value (expected: one)");
      }
      return value;
    } catch (JsonProcessingException malformed) {
      int line = malformed.getLocation() == null ? 1 : malformed.getLocation().getLineNr();
      throw failure(line, "syntax: %s (expected: JSON)".formatted(malformed.getOriginalMessage()));
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static int line(JsonParser parser) {
    return parser.currentTokenLocation().getLineNr();
  }

  /** The value at whose first token the parser stands. Levels are limited by the parser. */
  private SourceValue value(JsonParser parser, int line) throws IOException, FunctionsException {
    JsonToken token = parser.currentToken();
    if (token == JsonToken.START_OBJECT) {
      Map<String, SourceValue> entries = new LinkedHashMap<>();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        int keyLine = line(parser);
        parser.nextToken();
        put(entries, key, value(parser, keyLine), keyLine);
      }
      return SourceValue.map(place(line), entries);
    } else if (token == JsonToken.START_ARRAY) {
      List<SourceValue> elements = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        elements.add(value(parser, line(parser)));
      }
      return SourceValue.list(place(line), elements);
    }
    Shape shape =
        token.isNumeric()
            ? Shape.NUMBER
            : token.isBoolean()
                ? Shape.BOOLEAN
                : token == JsonToken.VALUE_NULL ? Shape.NULL : Shape.TEXT;
    return SourceValue.scalar(place(line), shape, parser.getText());
  }
}
