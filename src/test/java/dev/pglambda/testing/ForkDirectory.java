package dev.pglambda.testing;

import java.nio.file.Path;

/**
 * Directories that the classes of one JVM share. Maven runs test classes in two JVMs at a time,
 * which get them one after the other.
 */
public final class ForkDirectory {
  private static final String NUMBER = System.getProperty("pglambda.test.fork", "1");

  private ForkDirectory() {}

  /** A directory below {@code target} that no other running JVM of the build has. */
  public static Path named(String name) {
    return Path.of("target", name + "-" + NUMBER);
  }
}
