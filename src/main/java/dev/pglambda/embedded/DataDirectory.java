package dev.pglambda.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The directory that keeps everything of one embedded server between starts, held by a file lock so
 * that two proxies never share it. The operating system frees the lock of a killed process.
 */
final class DataDirectory implements AutoCloseable {

  private static final String LOCK_FILE = "pg-lambda-proxy.lock";
  private static final String TEMPORARY = ".pg-lambda-proxy-tmp-";

  /**
   * Directories that this process holds. POSIX frees a process's lock when it closes any descriptor
   * of the file, so a second attempt in this process must not even open it.
   */
  private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");

  /** Its group may go through it to what it is to see, and no more. */
  private static final Set<PosixFilePermission> GROUP_THROUGH =
      PosixFilePermissions.fromString("rwx--x---");

  /** What such a directory holds; with anything else in it, it is not only ours. */
  private static final Pattern OURS =
      Pattern.compile(
          "postgres-\\d+(\\.log(\\.old)?)?|binaries-.*|callback-secret|embedded-password"
              + "|tls-certificate\\.pem|tls-key\\.pem|installation|installation-secret|pg-lambda-proxy\\.lock|\\.pg-lambda-proxy-tmp-.*");

  private final Path path;
  private @Nullable FileChannel lockFile;

  private DataDirectory(Path path) {
    this.path = path;
  }

  /** Creates the directory if need be, locks it, and removes what a killed start left half done. */
  static DataDirectory open(Path directory) throws EmbeddedPostgresException {
    try {
      create(directory);
      Path path = directory.toRealPath();
      if (!HELD_HERE.add(path)) {
        throw inUse(path);
      }
      return lock(path);
    } catch (IOException e) {
      throw unusable(directory, e);
    }
  }

  /** Creates the directory, for its owner only, if it is not there. */
  static void create(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(directory);
      Files.setPosixFilePermissions(directory, OWNER_ONLY);
    }
  }

  private static DataDirectory lock(Path path) throws IOException, EmbeddedPostgresException {
    DataDirectory directory = new DataDirectory(path);
    boolean locked = false;
    try {
      FileChannel channel =
          FileChannel.open(
              path.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      directory.lockFile = channel;
      if (channel.tryLock() == null) {
        throw inUse(path);
      }
      directory.deleteTemporaryDirectories();
      directory.shut();
      locked = true;
      return directory;
    } finally {
      if (!locked) {
        directory.close();
      }
    }
  }

  private static DataDirectoryException inUse(Path path) {
    return new DataDirectoryException(
        ("another pg-lambda-proxy uses the data directory %s; stop it, or name another"
                + " directory with --data-dir")
            .formatted(path),
        null);
  }

  /** What an I/O error in the directory means to the one who chose it. */
  static DataDirectoryException unusable(Path directory, IOException e) {
    return new DataDirectoryException(
        ("cannot use the data directory %s: %s: %s; make it writable, with 100 MB free, or"
                + " name another one with --data-dir")
            .formatted(directory.toAbsolutePath(), e.getClass().getSimpleName(), e.getMessage()),
        e);
  }

  /** Absolute, without symbolic links. */
  Path path() {
    return path;
  }

  /** Lets only its owner in, if nothing else is in it than what this program makes. */
  void shut() throws IOException {
    if (isOursAlone()) {
      Files.setPosixFilePermissions(path, OWNER_ONLY);
    }
  }

  /** Lets a user go through to what it can read there; root's own files stay root's. */
  void letThrough(UnprivilegedUser user) throws IOException {
    if (isOursAlone()) {
      Files.setAttribute(path, "unix:gid", user.gid());
      Files.setPosixFilePermissions(path, GROUP_THROUGH);
    }
  }

  private boolean isOursAlone() throws IOException {
    if (!Files.getOwner(path).equals(Files.getOwner(path.resolve(LOCK_FILE)))) {
      return false;
    }
    try (Stream<Path> entries = Files.list(path)) {
      return entries.allMatch(entry -> OURS.matcher(entry.getFileName().toString()).matches());
    }
  }

  /** A new, empty directory that the next start removes if it is still there. */
  Path createTemporaryDirectory() throws IOException {
    return Files.createTempDirectory(path, TEMPORARY);
  }

  /** Best effort: a program that outlived a killed proxy may still be writing into one. */
  void deleteTemporaryDirectories() {
    try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(path, TEMPORARY + "*")) {
      for (Path leftover : leftovers) {
        deleteTree(leftover);
      }
    } catch (IOException | UncheckedIOException | DirectoryIteratorException e) {
      // The next start tries again.
    }
  }

  private static void deleteTree(Path root) throws IOException {
    try (Stream<Path> tree = Files.walk(root)) {
      for (Path file : tree.sorted(Comparator.reverseOrder()).toList()) { // a directory comes last
        Files.delete(file);
      }
    }
  }

  /** Frees the lock. The lock file stays: removing it would let two processes lock two files. */
  @Override
  public void close() {
    try {
      if (lockFile != null) {
        lockFile.close();
      }
    } catch (IOException e) {
      // Nothing was written; the lock ends with the process at the latest.
    } finally {
      HELD_HERE.remove(path);
    }
  }
}
