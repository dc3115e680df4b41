package dev.pglambda.embedded;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A user of the machine that root can have PostgreSQL's programs run as; its name is for people.
 */
record UnprivilegedUser(String name, int uid, int gid) {

  private static final Path USERS = Path.of("/etc/passwd");

  /** The first is made for this; the second everywhere, and better than root's files. */
  private static final List<String> NAMES = List.of("postgres", "nobody");

  private static final String UID = "unix:uid";
  private static final String GID = "unix:gid";

  /**
   * The owner of a cluster that is there, or else the known users, in the order of preference.
   * Nobody if a part of it lies elsewhere (tablespaces), where another user may not reach it.
   */
  static List<UnprivilegedUser> candidates(DataDirectory directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory.path())) {
      for (Path cluster : entries.filter(UnprivilegedUser::isCluster).toList()) {
        int owner = (int) Files.getAttribute(cluster, UID);
        if (owner != 0) {
          return List.of(
              new UnprivilegedUser(
                  Files.getOwner(cluster).getName(),
                  owner,
                  (int) Files.getAttribute(cluster, GID)));
        }
        if (reachesOut(cluster)) {
          return List.of();
        }
      }
    }
    return known();
  }

  private static boolean isCluster(Path entry) {
    return entry.getFileName().toString().matches("postgres-\\d+") && Files.isDirectory(entry);
  }

  private static boolean reachesOut(Path cluster) throws IOException {
    Path tablespaces = cluster.resolve("pg_tblspc");
    if (Files.isSymbolicLink(cluster.resolve("pg_wal")) || !Files.isDirectory(tablespaces)) {
      return true;
    }
    try (Stream<Path> links = Files.list(tablespaces)) {
      return links.findAny().isPresent();
    }
  }

  private static List<UnprivilegedUser> known() throws IOException {
    List<UnprivilegedUser> found = new ArrayList<>();
    List<String> lines = Files.exists(USERS) ? Files.readAllLines(USERS) : List.of();
    for (String name : NAMES) {
      for (String line : lines) {
        String[] fields = line.split(":", -1);
        if (fields.length > 3 && fields[0].equals(name) && fields[2].matches("[1-9]\\d{0,8}")) {
          found.add(
              new UnprivilegedUser(name, Integer.parseInt(fields[2]), Integer.parseInt(fields[3])));
        }
      }
    }
    return found;
  }

  /** Gives it a file, or a directory without what is in it; never what a link leads to. */
  void own(Path file) throws IOException {
    Files.setAttribute(file, GID, gid, LinkOption.NOFOLLOW_LINKS);
    Files.setAttribute(file, UID, uid, LinkOption.NOFOLLOW_LINKS);
  }

  /** Gives it a directory with all that is in it; the directory last, so that it tells the end. */
  void ownTree(Path root) throws IOException {
    if ((int) Files.getAttribute(root, UID) == uid) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            own(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e)
              throws IOException {
            if (e != null && !(e instanceof NoSuchFileException)) {
              throw e;
            }
            own(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
