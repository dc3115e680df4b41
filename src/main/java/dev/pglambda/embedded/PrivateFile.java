package dev.pglambda.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Files that nobody but their owner may read. */
final class PrivateFile {

  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
      PosixFilePermissions.asFileAttribute(OWNER_ONLY);

  private PrivateFile() {}

  /**
   * Puts a file in the place of what was there, in one step; it belongs to the launcher's user, or,
   * without one, to this process's. A symbolic link is replaced, never followed: the server's user
   * may have made it.
   */
  static void replace(Path file, String content, @Nullable ProgramLauncher launcher)
      throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    Path temporary = Files.createTempFile(directory, "." + file.getFileName(), "", PRIVATE);
    try {
      Files.writeString(temporary, content);
      if (launcher != null) {
        launcher.own(temporary);
      }
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** An empty file that a program may then be told to write to. */
  static void create(Path file) throws IOException {
    Files.deleteIfExists(file);
    Files.createFile(file, PRIVATE);
  }

  /** Takes a file from others that an earlier version has let them read. */
  static void hide(Path file) throws IOException {
    if (Files.isRegularFile(file)) {
      Files.setPosixFilePermissions(file, OWNER_ONLY);
    }
  }
}
