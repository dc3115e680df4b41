package dev.pglambda.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Puts other answers into the text of a case file; everything else stays as it is written. */
final class CaseWriter {
  private static final Pattern ANSWER = Pattern.compile("<.*|(request|copy|copy-fail)\\b.*");

  private final Map<Integer, List<Expectation>> answers;
  private final List<String> lines = new ArrayList<>();

  /** The answer to write for the statement that is being read; null for the one that is there. */
  private @Nullable List<Expectation> pending;

  /** Whether another line of SQL belongs to the statement before it. */
  private boolean inSql;

  private boolean inAnswer;

  /** Whether the answer that is being read is left out. */
  private boolean replaced;

  private CaseWriter(Map<Integer, List<Expectation>> answers) {
    this.answers = answers;
  }

  /**
   * Replaces answers and requests.
   *
   * @param answers by the line in which the statement begins
   */
  static String write(String text, Map<Integer, List<Expectation>> answers) {
    CaseWriter writer = new CaseWriter(answers);
    String[] lines = text.split("\\r?\\n", -1);
    for (int i = 0; i < lines.length; i++) {
      writer.accept(i + 1, lines[i]);
    }
    writer.writePending();
    return String.join("\n", writer.lines);
  }

  private void accept(int number, String line) {
    boolean continues = !line.isBlank() && Character.isWhitespace(line.charAt(0));
    if (!continues) {
      begin(number, line);
    }
    if (!inAnswer || !replaced) {
      lines.add(line);
    }
  }

  private void begin(int number, String line) {
    boolean sql = line.startsWith(">");
    inAnswer = ANSWER.matcher(line).matches();
    boolean ends = line.isBlank() || line.startsWith("#") || inAnswer;
    if (ends || (sql && !inSql)) {
      writePending();
    }
    if (sql && !inSql) {
      pending = answers.get(number);
      replaced = pending != null;
    }
    inSql = sql || (inSql && line.startsWith("#"));
  }

  private void writePending() {
    List<Expectation> answer = pending;
    pending = null;
    if (answer != null) {
      answer.forEach(this::write);
    }
  }

  private void write(Expectation expectation) {
    String condition =
        expectation.condition().equals(Condition.ALWAYS)
            ? ""
            : "[" + expectation.condition().text() + "]";
    String line = expectation.line().toString();
    lines.add(
        line.startsWith(TranscriptLine.REQUEST)
            ? "request" + condition + ":" + line.substring(TranscriptLine.REQUEST.length())
            : "<" + condition + " " + line);
    CopyInput copy = expectation.copy();
    if (copy != null) {
      copy.data().lines().forEach(data -> lines.add("copy: " + Value.of(data).asRest()));
      if (copy.failure() != null) {
        lines.add("copy-fail: " + copy.failure());
      }
    }
  }
}
