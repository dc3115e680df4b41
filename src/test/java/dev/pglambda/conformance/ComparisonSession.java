package dev.pglambda.conformance;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A session whose answers are compared with another's. */
final class ComparisonSession implements AutoCloseable {
  /** Where in PostgreSQL's source a message comes from depends on who raises it. */
  private static final List<String> SOURCE_FIELDS = List.of("F", "L", "R");

  /**
   * Since 18 an error in an extension's script has a CONTEXT that names the script's file and line.
   * Those are not RDS's, and without the extensions' files there is no such file.
   */
  private static final String SCRIPT_CONTEXT = "\nextension script file ";

  private final WireClient client;
  private final Transcriber transcriber;

  /**
   * @param transcriber for the target's database; may be shared, as OIDs are not used again
   */
  ComparisonSession(Target target, String role, Transcriber transcriber) throws IOException {
    this.client =
        WireClient.connect(
            target.host(), target.port(), role, target.database(), target.password());
    this.transcriber = transcriber;
  }

  /**
   * Sends the texts of a script, in text format; the answer to each in order, in lists that can be
   * changed.
   */
  List<List<TranscriptLine>> run(ComparisonScript script, Mode mode) throws IOException {
    List<List<TranscriptLine>> answers = new ArrayList<>();
    for (String text : script.texts()) {
      if (mode == Mode.SIMPLE) {
        client.query(text);
      } else {
        client.parse("", text).bind("", "", List.of()).describePortal("").execute("", 0).sync();
      }
      answers.add(answer());
    }
    return answers;
  }

  /** Prepares each text, then executes it twice; the answer to both in order. */
  List<List<TranscriptLine>> runPreparedTwice(ComparisonScript script) throws IOException {
    List<List<TranscriptLine>> answers = new ArrayList<>();
    for (String text : script.texts()) {
      client.parse("s", text).describeStatement("s").sync();
      List<TranscriptLine> answer = answer();
      for (int i = 0; i < 2; i++) {
        client.bind("p", "s", List.of()).execute("p", 0).sync();
        answer.addAll(answer());
      }
      client.closeStatement("s").sync();
      answer.addAll(answer());
      answers.add(answer);
    }
    return answers;
  }

  private List<TranscriptLine> answer() throws IOException {
    List<TranscriptLine> answer = new ArrayList<>();
    for (BackendMessage message : client.readUntilReady()) {
      TranscriptLine line = transcriber.line(message);
      if (line != null) {
        answer.add(comparable(line));
      }
    }
    return answer;
  }

  private static TranscriptLine comparable(TranscriptLine line) {
    Map<String, Value> fields = new LinkedHashMap<>(line.fields());
    fields.keySet().removeAll(SOURCE_FIELDS);
    if (fields.get("W") instanceof Value.Text context && context.text().contains(SCRIPT_CONTEXT)) {
      fields.remove("W");
    }
    return new TranscriptLine(line.name(), line.values(), fields);
  }

  @Override
  public void close() throws IOException {
    client.terminate().flushOut();
    client.close();
  }
}
