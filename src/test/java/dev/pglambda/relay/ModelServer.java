package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.message;

import dev.pglambda.testing.Peer.Message;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a PostgreSQL server without the extensions answers, as far as the proxy's own questions for
 * {@code SELECT payload FROM aws_lambda.invoke('f', '{}'::json)} and the like go. Reads one message
 * after the other.
 */
final class ModelServer {
  private static final int TEXT = 25;
  private static final int JSON = 114;
  private static final Pattern ERRCODE = Pattern.compile("ERRCODE = '(.{5})'");
  private static final Pattern MESSAGE_OCTETS =
      Pattern.compile("MESSAGE = pg_catalog.convert_from\\(pg_catalog.decode\\('([0-9a-f]*)'");

  private final Map<String, String> statements = new HashMap<>();
  private final Map<String, Integer> parameters = new HashMap<>();
  private final Map<String, String> portals = new HashMap<>();
  private boolean skipping;

  /** {@code statement_timeout} in seconds. */
  String statementTimeout = "0";

  /** What a plan's only node has besides its type. */
  String plan = "";

  /** Whether the role is trusted. */
  boolean trusted = true;

  /** The call's argument of that name. */
  String payload = "{}";

  /** The status that ReadyForQuery tells. */
  char status = 'I';

  /** Whether a prepared statement is there. */
  boolean knows(String statement) {
    return statements.containsKey(statement);
  }

  /** What the next message is answered with, message by message. */
  List<byte[]> answer(Message message) {
    if (message.type() == 'S') {
      skipping = false;
      return List.of(message('Z', String.valueOf(status)));
    }
    if (skipping) {
      return List.of();
    }
    String[] names = message.body().split("\0", -1);
    return switch (message.type()) {
      case 'Q' -> List.of(message('C', "SELECT 0\0"), message('Z', String.valueOf(status)));
      case 'P' -> parse(names[0], names[1], message.body());
      case 'B' -> bind(names[0], names[1]);
      case 'C' -> {
        boolean statement = message.body().charAt(0) == 'S';
        (statement ? statements : portals).remove(names[0].substring(1));
        yield List.of(message('3', ""));
      }
      case 'D' -> describe(message.body().charAt(0) == 'S', names[0].substring(1));
      case 'E' -> execute(names[0]);
      default -> List.of();
    };
  }

  /** An error in place of an answer. */
  byte[] fail(String sqlState, String text) {
    skipping = true;
    return message('E', "SERROR\0VERROR\0C" + sqlState + "\0M" + text + "\0\0");
  }

  private List<byte[]> parse(String name, String text, String body) {
    if (!name.isEmpty() && statements.containsKey(name)) {
      return List.of(fail("42P05", "prepared statement already exists"));
    }
    statements.put(name, text);
    int types = name.length() + 1 + text.length() + 1;
    parameters.put(name, body.charAt(types) << 8 | body.charAt(types + 1));
    return List.of(message('1', ""));
  }

  private List<byte[]> bind(String portal, String statement) {
    String text = statements.get(statement);
    if (text == null) {
      return List.of(fail("26000", "prepared statement does not exist"));
    }
    portals.put(portal, text);
    return List.of(message('2', ""));
  }

  private List<byte[]> describe(boolean statement, String name) {
    String text = (statement ? statements : portals).get(name);
    if (text == null) {
      return List.of(fail(statement ? "26000" : "34000", "does not exist"));
    }
    List<byte[]> answers = new ArrayList<>();
    if (statement) {
      int count = parameters.getOrDefault(name, 0);
      answers.add(message('t', int16(count) + int32(TEXT).repeat(count)));
    }
    answers.add(
        isServed(text)
            ? description("payload", JSON)
            : description("?column?", TEXT, "?column?", JSON));
    return answers;
  }

  private static boolean isServed(String text) {
    return text.contains("LEFT JOIN (VALUES") && !text.startsWith("EXPLAIN");
  }

  private List<byte[]> execute(String portal) {
    String text = portals.get(portal);
    if (text == null) {
      return List.of(fail("34000", "portal \"" + portal + "\" does not exist"));
    }
    if (text.startsWith("DO $pglambda$")) {
      return raise(text);
    }
    List<byte[]> answers = new ArrayList<>();
    if (text.startsWith("EXPLAIN")) {
      answers.add(row("[{\"Plan\": {\"Node Type\": \"Result\"" + plan + "}}]"));
    } else if (text.contains("to_regnamespace")) {
      answers.add(row("\0", "\0", trusted ? "\1" : "\0"));
    } else if (text.startsWith("WITH pglambda_invoke")) {
      answers.add(row("\0", null, null, trusted ? "\1" : "\0"));
    } else if (text.startsWith("WITH RECURSIVE arn")) {
      answers.add(row("114", "json", "114", "U", "f", "{}", "f"));
    } else if (text.contains("transaction_read_only")) {
      answers.add(row("off"));
    } else if (text.startsWith("WITH pglambda_given")) {
      answers.add(arguments());
    } else if (isServed(text)) {
      answers.add(row("{\"answer\":1}"));
    } else {
      answers.add(row("f"));
    }
    answers.add(message('C', "SELECT " + answers.size() + "\0"));
    return answers;
  }

  private byte[] arguments() {
    return row(
        "\1",
        "f",
        null,
        payload,
        null,
        "RequestResponse",
        "None",
        null,
        null,
        null,
        null,
        statementTimeout);
  }

  private List<byte[]> raise(String block) {
    Matcher code = ERRCODE.matcher(block);
    Matcher octets = MESSAGE_OCTETS.matcher(block);
    if (!code.find() || !octets.find()) {
      throw new AssertionError("unexpected block: " + block);
    }
    String text =
        new String(java.util.HexFormat.of().parseHex(octets.group(1)), StandardCharsets.ISO_8859_1);
    if (block.contains("RAISE WARNING")) {
      return List.of(
          message('N', "SWARNING\0VWARNING\0C" + code.group(1) + "\0M" + text + "\0\0"),
          message('C', "DO\0"));
    }
    return List.of(fail(code.group(1), text));
  }

  private static byte[] description(Object... namesAndTypes) {
    StringBuilder body = new StringBuilder(int16(namesAndTypes.length / 2));
    for (int i = 0; i < namesAndTypes.length; i += 2) {
      body.append(namesAndTypes[i])
          .append('\0')
          .append(int32(0))
          .append(int16(0))
          .append(int32((Integer) namesAndTypes[i + 1]))
          .append(int16(-1))
          .append(int32(-1))
          .append(int16(0));
    }
    return message('T', body.toString());
  }

  private static byte[] row(@Nullable String... values) {
    StringBuilder body = new StringBuilder(int16(values.length));
    for (String value : values) {
      body.append(int32(value == null ? -1 : value.length())).append(value == null ? "" : value);
    }
    return message('D', body.toString());
  }

  private static String int16(int value) {
    return "" + (char) (value >> 8 & 0xff) + (char) (value & 0xff);
  }

  private static String int32(int value) {
    return int16(value >> 16) + int16(value);
  }
}
