package dev.pglambda.journal;

import static dev.pglambda.journal.JournalStage.begin;
import static dev.pglambda.journal.JournalStage.bytes;
import static dev.pglambda.journal.JournalStage.journal;
import static dev.pglambda.journal.JournalStage.succeed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.testing.LogCapture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("try") // what is listened to is another's
class JournalFileTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;
  private final Journal journal = journal(1 << 20);

  private Path path() {
    return directory.resolve("calls.jsonl");
  }

  private JournalFile open(long maxBytes) throws IOException {
    JournalFile file = JournalFile.open(path(), maxBytes);
    journal.listen(
        entry -> {
          if (entry.ending() != null) {
            file.accept(entry);
          }
        });
    return file;
  }

  private static List<Integer> ids(Path file) throws IOException {
    List<Integer> ids = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      ids.add(JSON.readTree(line).get("id").intValue());
    }
    return ids;
  }

  @Test
  void hasALineForEachCallThatOnlyItsOwnerMayRead() throws Exception {
    try (JournalFile unused = open(1 << 20)) {
      succeed(journal, "f", "{\"a\":\n1}");
      begin(journal, "f", bytes("{}"), CallOrigin.UNKNOWN.withStatement("\uD83D")).isCancelled();
    }

    assertThat(ids(path())).containsExactly(1, 2);
    assertThat(JSON.readTree(Files.readAllLines(path()).get(0)).get("payload").textValue())
        .isEqualTo("{\"a\":\n1}");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path())))
        .isEqualTo("rw-------");
  }

  @Test
  void becomesAnotherFileBeforeItIsTooLong() throws Exception {
    try (JournalFile unused = open(10_000)) {
      for (int i = 0; i < 1000; i++) {
        succeed(journal, "f", "{}");
      }
    }

    List<Integer> ids = new ArrayList<>();
    for (String name : List.of("calls.jsonl.3", "calls.jsonl.2", "calls.jsonl.1", "calls.jsonl")) {
      assertThat(directory.resolve(name))
          .satisfies(each -> assertThat(Files.size(each)).isBetween(1L, 10_000L));
      ids.addAll(ids(directory.resolve(name)));
    }
    assertThat(ids)
        .hasSizeGreaterThan(30)
        .isEqualTo(IntStream.rangeClosed(1001 - ids.size(), 1000).boxed().toList());
    assertThat(directory.resolve("calls.jsonl.4")).doesNotExist();
  }

  @Test
  void goesOnBehindWhatIsThere() throws Exception {
    Files.writeString(path(), "{\"id\": 0}\n{\"id\": 7, \"function_na");

    try (JournalFile unused = open(1 << 20)) {
      succeed(journal, "f", "{}");
      succeed(journal, "f", "{}");
    }

    List<String> lines = Files.readAllLines(path());
    assertThat(lines).hasSize(4);
    assertThat(JSON.readTree(lines.get(2)).get("id").intValue()).isEqualTo(1);
    assertThat(JSON.readTree(lines.get(3)).get("id").intValue()).isEqualTo(2);
  }

  @Test
  void isMadeAgainWhenItHasBeenMovedAway() throws Exception {
    try (JournalFile unused = open(1 << 20)) {
      succeed(journal, "f", "{}");
      Files.move(path(), directory.resolve("moved"));
      succeed(journal, "f", "{}");
    }

    assertThat(ids(directory.resolve("moved"))).containsExactly(1);
    assertThat(ids(path())).containsExactly(2);
  }

  @Test
  void goesOnInTheFileThatHasTakenItsPlace() throws Exception {
    try (JournalFile unused = open(10_000)) {
      succeed(journal, "f", "{}");
      Files.move(path(), directory.resolve("moved"));
      Files.createFile(path());
      for (int i = 0; i < 20; i++) {
        succeed(journal, "f", "{}");
      }
    }

    assertThat(ids(directory.resolve("moved"))).containsExactly(1);
    assertThat(ids(directory.resolve("calls.jsonl.1"))).startsWith(2);
    assertThat(ids(path())).endsWith(21);
  }

  @Test
  void saysWhatIsMissingAndGoesOnLater() throws Exception {
    Path away = directory.resolve("away");
    Path here = Files.createDirectory(directory.resolve("here"));
    try (JournalFile file = JournalFile.open(here.resolve("calls"), 1 << 20);
        LogCapture log = LogCapture.of(JournalFile.class)) {
      journal.listen(file);
      Files.move(here, away);
      begin(journal, "f", "{}");
      begin(journal, "f", "{}");
      assertThat(log.lines()).hasSize(1).allMatch(line -> line.contains("a call is missing in"));

      Files.createDirectory(here);
      begin(journal, "f", "{}");
    }

    assertThat(ids(here.resolve("calls"))).containsExactly(3);
  }

  @Test
  void isNeitherADirectoryNorInOneThatIsNotThere() {
    assertThatThrownBy(() -> JournalFile.open(directory)).hasMessage("not a regular file");
    assertThatThrownBy(() -> JournalFile.open(directory.resolve("no/file")))
        .isInstanceOf(IOException.class);
  }
}
