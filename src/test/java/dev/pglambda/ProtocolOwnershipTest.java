package dev.pglambda;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Nothing but {@code protocol} knows letters of messages, their lengths, type OIDs or SQLSTATEs.
 */
class ProtocolOwnershipTest {
  private static final Path MAIN = Path.of("src/main/java/dev/pglambda");
  private static final Path TESTS = Path.of("src/test/java/dev/pglambda");

  enum Rule {
    /** A letter where a message's type is written, read or compared. */
    LETTER(
        "(?:\\(byte\\) |case |\\btype(?:\\(\\))? ?[!=]= ?|new byte\\[\\] \\{"
            + "|\\b(?:message|send|sent|received|begin|writeByte|skip|describe|close|read|readThrough)"
            + "\\(\\s*)'[A-Za-z0-9]'"),
    /** What a message's length counts, as a number. */
    LENGTH(
        "(?:readInt\\(\\)|getInt\\([^()]*\\)) ?- ?\\d|(?:writeInt|putInt)\\(\\d \\+"
            + "|(?:length|length\\(\\)) \\+ 4\\b|getInt\\([^()]*\\+ 1\\)"),
    /** An object id of a type that has a name. */
    TYPE_OID(
        "int (?:TEXT|JSON|JSONB|VARCHAR|BPCHAR|INT4|UNKNOWN|RECORD|BOOL|BYTEA)(?:_OID)? = \\d+;");

    final Pattern pattern;

    Rule(String regex) {
      pattern = Pattern.compile(regex);
    }
  }

  /** Files in which a rule does not hold, and why. */
  private static final Map<String, String> EXCEPTIONS =
      Map.ofEntries(
          entry("BackendModel.java", "a notation of its own for statements and replies"),
          entry("ReplyQueueFuzzTest.java", "a fuzzer's script in the notation of BackendModel"),
          entry("SessionFuzzTest.java", "a fuzzer's script: c and s are sides, not messages"),
          entry("FrameScannerPauseTest.java", "types that stand for what its visitor does"),
          entry("FrameScannerFuzzTest.java", "a model of frames that shares nothing with main"),
          entry("PreparedStatementsTest.java", "one letter for each reply, d is another tag"),
          entry("ServerTypes.java", "pg_type.typtype"),
          entry("BinaryFormat.java", "values in binary format, which are no messages"),
          entry("Answer.java", "the text form of bytea"),
          entry("DirectCallsTest.java", "a payload"),
          entry("HostileConnectionsIT.java", "bytes of no meaning, to keep a connection busy"),
          entry("ValueScanner.java", "escapes in case files"),
          entry("ProxyHeader.java", "the PROXY protocol, which has no messages"),
          entry("JournalBenchmark.java", "a payload"),
          entry("SecretTest.java", "letters of a secret"),
          entry("JdbcDataTest.java", "letters of a value"),
          entry("FrameScannerTest.java", "the first byte of a body"),
          entry("ProtocolOwnershipTest.java", "the rules themselves"));

  /** Packages without messages: text, values, the AWS SDK, processes. */
  private static final Pattern ELSEWHERE =
      Pattern.compile("/(?:protocol|sql|lambda|config|embedded|recognize|resolve)/");

  @ParameterizedTest
  @EnumSource
  void keepsToTheRule(Rule rule) throws IOException {
    List<String> found =
        Stream.concat(lines(MAIN), lines(TESTS))
            .filter(line -> !ELSEWHERE.matcher(line.file.toString()).find())
            .filter(line -> !EXCEPTIONS.containsKey(line.file.getFileName().toString()))
            .filter(line -> rule.pattern.matcher(line.text).find())
            .map(Line::toString)
            .toList();

    assertThat(found).as("see protocol's records, Frame and TypeOid").isEmpty();
  }

  /** The SQLSTATEs of the keys' notices stand in the SQL that raises them. */
  @Test
  void hasOneListOfSqlStates() throws IOException {
    Pattern sqlState = Pattern.compile("\"(?=[A-Z]*\\d)[0-9A-Z]{5}\"");

    assertThat(
            lines(MAIN)
                .filter(line -> sqlState.matcher(line.text).find())
                .filter(line -> !line.file.endsWith("config/Option.java")) // a default
                .filter(line -> !line.text.contains("\"PBES2\"")) // an algorithm
                .filter(line -> !line.text.contains("\"KOI8")) // encodings
                .map(line -> line.file.getFileName().toString())
                .distinct())
        .containsExactlyInAnyOrder("SqlState.java", "CallbackKeySql.java");
  }

  private record Line(Path file, int number, String text) {
    @Override
    public String toString() {
      return file + ":" + number + ": " + text.strip();
    }
  }

  private static Stream<Line> lines(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(file -> file.toString().endsWith(".java")).toList().stream()
          .flatMap(ProtocolOwnershipTest::linesOf);
    }
  }

  private static Stream<Line> linesOf(Path file) {
    try {
      List<String> lines = Files.readAllLines(file);
      return IntStream.range(0, lines.size())
          .mapToObj(i -> new Line(file, i + 1, lines.get(i)))
          .filter(line -> !line.text.strip().startsWith("*"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
