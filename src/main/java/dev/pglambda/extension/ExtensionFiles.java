package dev.pglambda.extension;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The files of both extensions, as they stand in {@code SHAREDIR/extension} of a server that has
 * them (PostgreSQL manual, "Extension Files").
 */
public final class ExtensionFiles {
  private static final List<String> NAMES =
      List.of(
          "aws_commons.control",
          "aws_commons--1.2.sql",
          "aws_lambda.control",
          "aws_lambda--1.0.sql");

  private ExtensionFiles() {}

  /** File name → content, in ASCII; a new map with new arrays each time. */
  public static Map<String, byte[]> all() {
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (String name : NAMES) {
      files.put(name, read(name));
    }
    return Collections.unmodifiableMap(files);
  }

  /**
   * The content of a resource of this package.
   *
   * @throws IllegalStateException if the jar does not hold it
   */
  static byte[] read(String name) {
    try (InputStream in = ExtensionFiles.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("resource of dev.pglambda.extension: none named " + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
