package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/** The file that keeps a generated secret from one run to the next. */
final class SecretFile {
  private SecretFile() {}

  /** The file's text without white space around it; made of 32 random bytes if it is not there. */
  static String loadOrCreate(Path file) throws IOException {
    try {
      if (!Files.exists(file)) {
        create(file.toAbsolutePath());
      }
      return new String(Files.readAllBytes(file), UTF_8).strip();
    } catch (IOException | UnsupportedOperationException e) {
      throw new IOException(
          "cannot read or create the callback secret in %s: %s".formatted(file, e), e);
    }
  }

  /**
   * Writes a private file under another name and then links it, so that nobody, not even another
   * proxy that starts at the same time, ever sees half a secret or replaces one.
   */
  private static void create(Path file) throws IOException {
    Path directory = file.resolveSibling("");
    Files.createDirectories(directory);
    Path written = Files.createTempFile(directory, ".secret", "", ownerOnly(directory));
    try {
      Files.write(written, (RandomToken.hex(32) + "\n").getBytes(US_ASCII));
      publish(written, file);
    } catch (FileAlreadyExistsException e) {
      // Another proxy was first; its secret counts.
    } finally {
      Files.deleteIfExists(written);
    }
  }

  private static void publish(Path written, Path file) throws IOException {
    try {
      Files.createLink(file, written);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (IOException | UnsupportedOperationException e) {
      // A file system without hard links.
      Files.move(written, file);
    }
  }

  private static FileAttribute<?>[] ownerOnly(Path directory) {
    boolean posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
    return posix
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }
}
