package dev.pglambda.journal;

import dev.pglambda.limits.LogThrottle;
import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls that have ended as lines of JSON in a file, which only its owner may read. When a line
 * would make it too long, it becomes {@code file.1}, which becomes {@code file.2}, and so on. A
 * call that cannot be written is lost, and the log says so; the next one is tried again. Used by
 * one thread at a time; blocks.
 */
public final class JournalFile implements Consumer<JournalEntry>, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(JournalFile.class);

  private static final long MAX_BYTES = 64L << 20;
  private static final int OLD_FILES = 3;

  private final LogThrottle failures = new LogThrottle();
  private final Path path;
  private final long maxBytes;
  private @Nullable OutputStream out;

  /** Which file that writes to, by what the file system calls it; null: it does not say. */
  private @Nullable Object fileKey;

  /** The file ends within a line that could not be written whole. */
  private boolean torn;

  private JournalFile(Path path, long maxBytes) throws IOException {
    this.path = path;
    this.maxBytes = maxBytes;
    this.out = opened();
  }

  /** Goes on with the file if it is there; the directory must be. */
  public static JournalFile open(Path path) throws IOException {
    return open(path, MAX_BYTES);
  }

  static JournalFile open(Path path, long maxBytes) throws IOException {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new IOException("not a regular file");
    }
    return new JournalFile(path, maxBytes);
  }

  private OutputStream opened() throws IOException {
    try {
      Files.createFile(path, ownerOnly());
      torn = false;
    } catch (FileAlreadyExistsException there) {
      torn = endsWithinLine();
    }
    fileKey = attributes().fileKey();
    return new FileOutputStream(path.toFile(), true);
  }

  private FileAttribute<?>[] ownerOnly() {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  private boolean endsWithinLine() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
      if (file.length() == 0) {
        return false;
      }
      file.seek(file.length() - 1);
      return file.read() != '\n';
    }
  }

  @Override
  public void accept(JournalEntry entry) {
    try {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      JournalJson.write(entry, line);
      line.write('\n');
      write(line);
    } catch (IOException failure) {
      failures.warn(log, "a call is missing in {}: {}", path, String.valueOf(failure));
    }
  }

  private void write(ByteArrayOutputStream line) throws IOException {
    long size = size();
    if (size > 0 && size + line.size() > maxBytes) {
      close();
      rotate();
    }
    OutputStream open = out;
    if (open == null) {
      open = opened();
      out = open;
    }
    if (torn) {
      open.write('\n');
    }
    torn = true;
    line.writeTo(open);
    torn = false;
  }

  /** Who has moved or deleted the file wants a new one, and may have made it, as logrotate does. */
  private long size() throws IOException {
    try {
      BasicFileAttributes there = attributes();
      if (!Objects.equals(there.fileKey(), fileKey)) {
        close();
      }
      return there.size();
    } catch (NoSuchFileException gone) {
      close();
      return 0;
    }
  }

  private BasicFileAttributes attributes() throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class);
  }

  private void rotate() throws IOException {
    for (int i = OLD_FILES; i > 0; i--) {
      Path from = i == 1 ? path : old(i - 1);
      if (Files.exists(from)) {
        Files.move(from, old(i), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private Path old(int number) {
    return path.resolveSibling(path.getFileName() + "." + number);
  }

  @Override
  public void close() throws IOException {
    OutputStream open = out;
    out = null;
    if (open != null) {
      open.close();
    }
  }
}
