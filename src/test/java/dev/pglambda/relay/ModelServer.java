package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.error;
import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.notice;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.pglambda.protocol.BackendMessage.BindComplete;
import dev.pglambda.protocol.BackendMessage.CloseComplete;
import dev.pglambda.protocol.BackendMessage.Column;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.ParameterDescription;
import dev.pglambda.protocol.BackendMessage.ParseComplete;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.BackendMessage.RowDescription;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Close;
import dev.pglambda.protocol.FrontendMessage.Describe;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.TypeOid;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.Peer.Received;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
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
  private static final Pattern ERRCODE = Pattern.compile("ERRCODE = '(.{5})'");
  private static final Pattern MESSAGE_BYTES =
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
  List<byte[]> answer(Received received) {
    FrontendMessage message;
    try {
      byte[] body = received.body().getBytes(ISO_8859_1);
      message = FrontendMessage.read(received.type(), body, ISO_8859_1);
    } catch (ProtocolViolation e) {
      throw new AssertionError(received.toString(), e);
    }
    if (message instanceof Sync) {
      skipping = false;
      return List.of(message(new ReadyForQuery(status)));
    }
    if (skipping) {
      return List.of();
    }
    if (message instanceof Query) {
      return List.of(message(new CommandComplete("SELECT 0")), message(new ReadyForQuery(status)));
    } else if (message instanceof Parse parse) {
      return parse(parse.name(), parse.text(), parse.typeOids().size());
    } else if (message instanceof Bind bind) {
      return bind(bind.portal(), bind.statement());
    } else if (message instanceof Close close) {
      (close.kind() == FrontendMessage.STATEMENT ? statements : portals).remove(close.name());
      return List.of(message(new CloseComplete()));
    } else if (message instanceof Describe describe) {
      return describe(describe.kind() == FrontendMessage.STATEMENT, describe.name());
    } else if (message instanceof Execute execute) {
      return execute(execute.portal());
    }
    return List.of();
  }

  /** An error in place of an answer. */
  byte[] fail(String sqlState, String text) {
    skipping = true;
    return message(error("SERROR", "VERROR", "C" + sqlState, "M" + text));
  }

  private List<byte[]> parse(String name, String text, int types) {
    if (!name.isEmpty() && statements.containsKey(name)) {
      return List.of(fail("42P05", "prepared statement already exists"));
    }
    statements.put(name, text);
    parameters.put(name, types);
    return List.of(message(new ParseComplete()));
  }

  private List<byte[]> bind(String portal, String statement) {
    String text = statements.get(statement);
    if (text == null) {
      return List.of(fail("26000", "prepared statement does not exist"));
    }
    portals.put(portal, text);
    return List.of(message(new BindComplete()));
  }

  private List<byte[]> describe(boolean statement, String name) {
    String text = (statement ? statements : portals).get(name);
    if (text == null) {
      return List.of(fail(statement ? "26000" : "34000", "does not exist"));
    }
    List<byte[]> answers = new ArrayList<>();
    if (statement) {
      int count = parameters.getOrDefault(name, 0);
      answers.add(message(new ParameterDescription(Collections.nCopies(count, TypeOid.TEXT))));
    }
    answers.add(
        isServed(text)
            ? description(column("payload", TypeOid.JSON))
            : description(Column.text("?column?"), column("?column?", TypeOid.JSON)));
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
    answers.add(message(new CommandComplete("SELECT " + answers.size())));
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
    Matcher bytes = MESSAGE_BYTES.matcher(block);
    if (!code.find() || !bytes.find()) {
      throw new AssertionError("unexpected block: " + block);
    }
    String text = new String(HexFormat.of().parseHex(bytes.group(1)), ISO_8859_1);
    if (block.contains("RAISE WARNING")) {
      return List.of(
          message(notice("SWARNING", "VWARNING", "C" + code.group(1), "M" + text)),
          message(new CommandComplete("DO")));
    }
    return List.of(fail(code.group(1), text));
  }

  private static byte[] description(Column... columns) {
    return message(new RowDescription(List.of(columns)));
  }

  private static Column column(String name, int type) {
    return new Column(name, 0, 0, type, -1, -1, 0);
  }

  private static byte[] row(@Nullable String... values) {
    return message(Peer.row(values));
  }
}
