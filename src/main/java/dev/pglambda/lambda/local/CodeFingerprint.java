package dev.pglambda.lambda.local;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A number that is another one when a function's code has changed: names, sizes, times and
 * identities of the files in its folder, or of those beside its one file. Of the folders of
 * dependencies ({@code node_modules}, {@code .venv}) only what is installed counts, not what is in
 * it. Hidden files and the caches of Python do not count. Blocks.
 */
final class CodeFingerprint extends SimpleFileVisitor<Path> {
  /** More files and folders are not looked at: this is done before each call. */
  private static final int MOST_ENTRIES = 4000;

  private static final int DEPTH = 12;

  private final Path root;
  private long sum;
  private int entries;

  private CodeFingerprint(Path root) {
    this.root = root;
  }

  static long of(Path code) {
    boolean folder = Files.isDirectory(code);
    Path parent = code.getParent();
    Path root = folder || parent == null ? code : parent;
    CodeFingerprint fingerprint = new CodeFingerprint(root);
    try {
      // What lies at the top first: packages beside it may be more than is looked at.
      fingerprint.walk(1);
      if (folder) {
        fingerprint.walk(DEPTH);
      }
      fingerprint.addInstalled(root.resolve("node_modules"), true);
      for (Path packages : sitePackages(root.resolve(".venv"))) {
        fingerprint.addInstalled(packages, false);
      }
    } catch (IOException | RuntimeException unreadable) {
      fingerprint.sum++;
    }
    return fingerprint.sum;
  }

  private void walk(int depth) throws IOException {
    Files.walkFileTree(root, EnumSet.of(FileVisitOption.FOLLOW_LINKS), depth, this);
  }

  @Override
  public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
    entries++;
    return !directory.equals(root) && isIgnored(directory)
        ? FileVisitResult.SKIP_SUBTREE
        : FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
    entries++;
    if (attributes.isRegularFile() && !isIgnored(file)) {
      add(file, attributes);
    }
    return entries < MOST_ENTRIES ? FileVisitResult.CONTINUE : FileVisitResult.TERMINATE;
  }

  @Override
  public FileVisitResult visitFileFailed(Path file, IOException failure) {
    return FileVisitResult.CONTINUE;
  }

  private static boolean isIgnored(Path file) {
    String name = Objects.toString(file.getFileName(), "");
    return name.startsWith(".")
        || name.equals("node_modules")
        || name.equals("__pycache__")
        || name.endsWith(".pyc");
  }

  private static List<Path> sitePackages(Path environment) throws IOException {
    Path lib = environment.resolve("lib");
    if (!Files.isDirectory(lib)) {
      return List.of(environment.resolve("Lib/site-packages"));
    }
    try (Stream<Path> versions = Files.list(lib)) {
      return versions.map(version -> version.resolve("site-packages")).toList();
    }
  }

  /** Directories of npm are new when a package is; Python writes caches into its own. */
  private void addInstalled(Path directory, boolean timesOfDirectories) throws IOException {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (Stream<Path> entries = Files.list(directory).limit(MOST_ENTRIES)) {
      for (Path entry : (Iterable<Path>) entries::iterator) {
        BasicFileAttributes attributes = Files.readAttributes(entry, BasicFileAttributes.class);
        String name = Objects.toString(entry.getFileName(), "");
        boolean cache = attributes.isDirectory() && (name.startsWith(".") || name.startsWith("__"));
        if (!cache && (timesOfDirectories || !attributes.isDirectory())) {
          add(entry, attributes);
        } else if (!cache) {
          sum += mixed(name.hashCode());
        }
        if (name.startsWith("@")) {
          addInstalled(entry, timesOfDirectories);
        }
      }
    }
  }

  /** Independent of the order in which a directory lists its files. */
  private void add(Path file, BasicFileAttributes attributes) {
    long modified = attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS);
    long identity = Objects.hashCode(attributes.fileKey());
    sum += mixed(mixed(mixed(file.hashCode() ^ modified) ^ attributes.size()) ^ identity);
  }

  /** The finalizer of SplitMix64. */
  private static long mixed(long value) {
    long first = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    long second = (first ^ (first >>> 27)) * 0x94d049bb133111ebL;
    return second ^ (second >>> 31);
  }
}
