package dev.pglambda.listener;

import dev.pglambda.config.UnixSocket;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The file of a Unix-domain socket, and the lock file beside it, by which servers know of each
 * other (miscinit.c of PostgreSQL, CreateSocketLockFile). Blocks.
 */
public final class SocketFile implements AutoCloseable {
  /** PostgreSQL's unix_socket_permissions. */
  private static final String EVERYBODY = "rwxrwxrwx";

  private final Path socket;
  private final Path lockFile;
  private final FileChannel lock;

  private SocketFile(Path socket, Path lockFile, FileChannel lock) {
    this.socket = socket;
    this.lockFile = lockFile;
    this.lock = lock;
  }

  /**
   * Makes way for a socket: the file of a server that is gone is deleted.
   *
   * @throws IOException if a server uses it, or nobody can
   */
  public static SocketFile claim(UnixSocket wanted) throws IOException {
    Path socket = wanted.file();
    Path lockFile = socket.resolveSibling(socket.getFileName() + ".lock");
    // Not through a link, which anybody can have laid in /tmp.
    FileChannel lock =
        FileChannel.open(
            lockFile,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            LinkOption.NOFOLLOW_LINKS);
    boolean locked = false;
    try {
      locked = isLocked(lock);
      if (!locked || isAnswered(socket)) {
        throw new IOException("another server uses it");
      }
      lock.truncate(0);
      String line = ProcessHandle.current().pid() + "\n"; // all that PostgreSQL looks at
      lock.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII)));
      Files.deleteIfExists(socket);
      return new SocketFile(socket, lockFile, lock);
    } catch (IOException e) {
      if (locked && lock.size() == 0) {
        Files.deleteIfExists(lockFile); // it was made here
      }
      lock.close();
      throw e;
    }
  }

  private static boolean isLocked(FileChannel file) throws IOException {
    try {
      return file.tryLock() != null;
    } catch (OverlappingFileLockException byThisProcess) {
      return false;
    }
  }

  /** Whether there is a server at the socket; fails if there is something else. */
  private static boolean isAnswered(Path socket) throws IOException {
    try {
      if (!Files.readAttributes(socket, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .isOther()) {
        throw new IOException("there is a file in its place");
      }
    } catch (NoSuchFileException free) {
      return false;
    }
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.configureBlocking(false);
      probe.connect(UnixDomainSocketAddress.of(socket));
      return true;
    } catch (ConnectException nobody) {
      return false;
    }
  }

  /**
   * Lets everybody connect, whom PostgreSQL's pg_hba.conf lets in. To be called when it is bound.
   */
  public void open() throws IOException {
    if (Files.getFileAttributeView(socket, PosixFileAttributeView.class) != null) {
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString(EVERYBODY));
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(socket);
    Files.deleteIfExists(lockFile);
    lock.close();
  }
}
