package dev.pglambda.extension;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The files of both extensions, as they stand in {@code SHAREDIR/extension} of a server that has
 * them (PostgreSQL manual, "Extension Files").
 */
final class ExtensionFiles {
  private static final List<String> NAMES =
      List.of(
          "aws_commons.control",
          "aws_commons--1.2.sql",
          "aws_lambda.control",
          "aws_lambda--1.0.sql");

  private ExtensionFiles() {}

  /** File name → content, in ASCII. */
  static Map<String, String> all() {
    Map<String, String> files = new LinkedHashMap<>();
    NAMES.forEach(name -> files.put(name, read(name)));
    return files;
  }

  /** The content of a resource of this package, which must be there. */
  static String read(String name) {
    try (InputStream in = ExtensionFiles.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("resource of dev.pglambda.extension: none named " + name);
      }
      return new String(in.readAllBytes(), US_ASCII);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
