package dev.pglambda.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStampsTest {
  @TempDir private Path directory;

  @Test
  void seesThatAnEntryHasBecomeAProgram() throws Exception {
    Path bootstrap = Files.createFile(directory.resolve("bootstrap"));
    FileStamps before = FileStamps.of(List.of(directory));
    assertThat(before.again()).isEqualTo(before);

    assertThat(bootstrap.toFile().setExecutable(true)).isTrue();

    assertThat(before.again()).isNotEqualTo(before);
  }
}
