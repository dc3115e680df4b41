package dev.pglambda.embedded;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * PostgreSQL's programs, unpacked.
 *
 * @param directory holds {@code bin}, {@code lib} and {@code share}
 * @param version for example {@code 17.11}
 */
record Binaries(Path directory, String version) {

  private static final String CONTROL_FILE = ".control";

  /** The server may run as another user. */
  private static final Set<PosixFilePermission> READABLE =
      PosixFilePermissions.fromString("rwxr-xr-x");

  /**
   * Unpacks an archive to {@code binaries-<version>-<fingerprint>}, unless an earlier start did.
   * The directory appears complete or not at all.
   */
  static Binaries unpack(
      BinariesArchive archive,
      DataDirectory dataDirectory,
      ProgramLauncher launcher,
      Consumer<String> progress)
      throws IOException, EmbeddedPostgresException, InterruptedException {
    String fingerprint = archive.fingerprint();
    String pattern = "binaries-*-" + fingerprint;
    try (DirectoryStream<Path> found = Files.newDirectoryStream(dataDirectory.path(), pattern)) {
      for (Path directory : found) {
        String name = directory.getFileName().toString();
        Files.setPosixFilePermissions(directory, READABLE);
        return new Binaries(directory, name.split("-", -1)[1]);
      }
    }
    progress.accept("Unpacking PostgreSQL into " + dataDirectory.path());
    Path temporary = dataDirectory.createTemporaryDirectory();
    extract(archive, temporary);
    Files.setPosixFilePermissions(temporary, READABLE);
    String version = versionOf(temporary, launcher, dataDirectory);
    Path directory = dataDirectory.path().resolve(pattern.replace("*", version));
    Files.move(temporary, directory, StandardCopyOption.ATOMIC_MOVE);
    return new Binaries(directory, version);
  }

  /** Also shows early whether the programs run on this machine at all. */
  private static String versionOf(
      Path directory, ProgramLauncher launcher, DataDirectory dataDirectory)
      throws IOException, EmbeddedPostgresException, InterruptedException {
    Path program = directory.resolve("bin/postgres");
    Path output = dataDirectory.createTemporaryDirectory().resolve("version");
    launcher.run(program, List.of("--version"), output);
    String[] words = Files.readString(output).strip().split(" ", -1);
    if (words.length < 3) {
      throw new IOException(program + " --version: " + String.join(" ", words));
    }
    return words[2];
  }

  private static void extract(BinariesArchive archive, Path target) throws IOException {
    try (InputStream in = new BufferedInputStream(archive.open(), 1 << 16);
        TarArchiveInputStream tar = new TarArchiveInputStream(new XZInputStream(in))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Path path = target.resolve(entry.getName()).normalize();
        if (!path.startsWith(target)) {
          throw new IOException("entry outside the archive: " + entry.getName());
        }
        extract(entry, tar, path);
      }
    }
  }

  private static void extract(TarArchiveEntry entry, InputStream content, Path path)
      throws IOException {
    if (entry.isDirectory()) {
      Files.createDirectories(path);
      return;
    }
    Files.createDirectories(path.resolve("..").normalize());
    if (entry.isSymbolicLink()) {
      Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
    } else {
      Files.copy(content, path);
      Files.setAttribute(path, "unix:mode", entry.getMode() & 0777);
    }
  }

  /** The number that decides whether a cluster fits these programs, for example 17. */
  int majorVersion() {
    return Integer.parseInt(version.replaceFirst("\\D.*", ""));
  }

  Path program(String name) {
    return directory.resolve("bin").resolve(name);
  }

  /** Names of the extensions that the server can create, in order. */
  List<String> extensions() throws IOException {
    try (Stream<Path> files = Files.list(extensionDirectory())) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(CONTROL_FILE))
          .map(name -> name.substring(0, name.length() - CONTROL_FILE.length()))
          .sorted()
          .toList();
    }
  }

  private Path extensionDirectory() {
    return directory.resolve("share/postgresql/extension");
  }

  /** Puts an extension's files where the server finds those it can create. */
  void write(Map<String, String> files) throws IOException {
    for (Map.Entry<String, String> file : files.entrySet()) {
      Files.writeString(extensionDirectory().resolve(file.getKey()), file.getValue());
    }
  }
}
