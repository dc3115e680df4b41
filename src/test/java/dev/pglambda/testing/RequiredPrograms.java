package dev.pglambda.testing;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Programs of this machine that a test runs, or has run. */
public final class RequiredPrograms {
  private static final Logger log = LoggerFactory.getLogger(RequiredPrograms.class);

  private RequiredPrograms() {}

  /** Skips the calling test if one of these is not on the PATH. */
  public static void skipWithout(String... programs) {
    List<String> missing = Arrays.stream(programs).filter(program -> !isThere(program)).toList();
    if (!missing.isEmpty()) {
      String reason = "not on the PATH: " + missing + " (expected: as in .ci/run)";
      log.warn("SKIPPED: {}", reason);
      Assumptions.abort(reason);
    }
  }

  private static boolean isThere(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }
}
