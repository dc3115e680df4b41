package dev.pglambda.client.direct;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.NoticeResponse;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.TypeOid;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.ReceivedRequest;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the server said, and Lambda was asked, in each step of a conversation. */
final class CallTranscript {
  private static final Pattern OID_OF_A_TABLE = Pattern.compile("tableOid=\\d{5,}");
  private static final Pattern TEMPORARY = Pattern.compile("pg_temp_\\d+");

  private final List<ConversationStep> steps;
  private final List<List<String>> answers = new ArrayList<>();
  private final Pattern composite;
  private int requests;

  private CallTranscript(List<ConversationStep> steps, int compositeOid) {
    this.steps = steps;
    composite = Pattern.compile("\\b" + Integer.toUnsignedString(compositeOid) + "\\b");
  }

  /**
   * Holds a conversation.
   *
   * @param compositeOid object id of the type of create_lambda_function_arn, which counts as record
   * @param waiting whether the client waits for the answer to each message before it sends the next
   */
  static CallTranscript of(
      LambdaDatabase database, int compositeOid, List<ConversationStep> steps, boolean waiting)
      throws IOException {
    CallTranscript transcript = new CallTranscript(steps, compositeOid);
    try (WireClient client =
        WireClient.connect(
            database.proxy().host(),
            database.proxy().port(),
            database.postgres().user(),
            database.name(),
            null)) {
      boolean open = true;
      for (ConversationStep step : steps) {
        open = open && transcript.hold(step, client, database.lambda(), waiting);
      }
      if (open) {
        client.terminate().readEnd();
      }
    }
    return transcript;
  }

  /** Whether the session goes on. */
  private boolean hold(
      ConversationStep step, WireClient client, FakeLambdaEndpoint lambda, boolean waiting)
      throws IOException {
    List<String> lines = new ArrayList<>();
    answers.add(lines);
    int before = lambda.requests().size();
    boolean open =
        waiting
            ? step.sendWaiting(
                client,
                message -> {
                  lines.add(line(message));
                  return message != null;
                })
            : hold(step, client, lines);
    List<ReceivedRequest> asked = lambda.requests();
    asked.subList(before, asked.size()).forEach(request -> lines.add(line(request)));
    requests += asked.size() - before;
    return open;
  }

  private boolean hold(ConversationStep step, WireClient client, List<String> lines)
      throws IOException {
    int answered = 0;
    BackendMessage message = null;
    step.send(client);
    do {
      message = client.read();
      lines.add(line(message));
      answered += message instanceof ReadyForQuery ? 1 : 0;
    } while (message != null && answered < step.answers());
    return message != null;
  }

  private String line(@Nullable BackendMessage message) {
    if (message instanceof ErrorResponse error) {
      return "ErrorResponse " + withoutSource(error.fields().asMap());
    }
    if (message instanceof NoticeResponse notice) {
      return "NoticeResponse " + withoutSource(notice.fields().asMap());
    }
    if (message instanceof DataRow row) {
      return "DataRow " + row.values().stream().map(CallTranscript::bytes).toList();
    }
    String text = OID_OF_A_TABLE.matcher("" + message).replaceAll("tableOid=its own");
    return text.contains("typeOid")
        ? composite.matcher(text).replaceAll("" + TypeOid.RECORD)
        : text;
  }

  private static String withoutSource(Map<Character, String> fields) {
    Map<Character, String> others = new TreeMap<>(fields);
    others.keySet().removeAll(List.of('F', 'L', 'R'));
    return TEMPORARY.matcher(others.toString()).replaceAll("pg_temp");
  }

  private static String bytes(@Nullable ByteBuffer value) {
    return value == null
        ? "NULL"
        : StandardCharsets.ISO_8859_1.decode(value.duplicate()).toString();
  }

  private static String line(ReceivedRequest request) {
    return "request: %s %s %s %s %s %s %s"
        .formatted(
            request.functionName(),
            request.qualifier(),
            request.header("X-Amz-Invocation-Type"),
            request.header("X-Amz-Log-Type"),
            request.header("X-Amz-Client-Context"),
            request.signingRegion(),
            request.text());
  }

  /** How many lines it has. */
  int size() {
    return answers.stream().mapToInt(List::size).sum();
  }

  /** How many requests Lambda got. */
  int requests() {
    return requests;
  }

  /** What was said up to the first answer that is not as expected, and both; null if all are. */
  @Nullable String differenceFrom(CallTranscript expected) {
    StringBuilder told = new StringBuilder();
    for (int i = 0; i < Math.max(answers.size(), expected.answers.size()); i++) {
      told.append(steps.get(i).toString().indent(2));
      List<String> wanted = expected.answers.get(i);
      List<String> actual = answers.get(i);
      if (!actual.equals(wanted)) {
        return told.append("(- with the extension, + direct)\n")
            .append(difference(wanted, actual))
            .toString();
      }
    }
    return null;
  }

  /** All lines, those between the equal beginning and the equal end marked. */
  private static String difference(List<String> wanted, List<String> actual) {
    int shorter = Math.min(wanted.size(), actual.size());
    int first = 0;
    while (first < shorter && wanted.get(first).equals(actual.get(first))) {
      first++;
    }
    int last = 0;
    while (last < shorter - first
        && wanted.get(wanted.size() - 1 - last).equals(actual.get(actual.size() - 1 - last))) {
      last++;
    }
    List<String> lines = new ArrayList<>();
    wanted.subList(0, first).forEach(line -> lines.add("    " + line));
    wanted.subList(first, wanted.size() - last).forEach(line -> lines.add("  - " + line));
    actual.subList(first, actual.size() - last).forEach(line -> lines.add("  + " + line));
    wanted.subList(wanted.size() - last, wanted.size()).forEach(line -> lines.add("    " + line));
    return String.join("\n", lines);
  }
}
