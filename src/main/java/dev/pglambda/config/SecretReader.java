package dev.pglambda.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;

/** Reads the callback secret. Its messages never show it. */
final class SecretReader {
  /** More than any secret needs: a mistaken path, say to a device, is not read for ever. */
  private static final int LONGEST_FILE = 64 * 1024;

  private SecretReader() {}

  static Secret text(String source, String text) throws ConfigException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length < Secret.MINIMUM_BYTES) {
      throw new ConfigException(
          source, bytes.length + " octets", Option.CALLBACK_SECRET.expected());
    }
    return new Secret(bytes);
  }

  static Secret file(String source, String name) throws ConfigException {
    byte[] bytes = read(source, name);
    int length = bytes.length;
    while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r')) {
      length--;
    }
    if (length < Secret.MINIMUM_BYTES || length > LONGEST_FILE) {
      String size = length > LONGEST_FILE ? "more than 64 kB" : length + " octets";
      throw unusable(source, name, size);
    }
    return new Secret(Arrays.copyOf(bytes, length));
  }

  private static byte[] read(String source, String name) throws ConfigException {
    try (InputStream stream = Files.newInputStream(Path.of(name))) {
      return stream.readNBytes(LONGEST_FILE + 2);
    } catch (NoSuchFileException e) {
      throw unusable(source, name, "no such file");
    } catch (AccessDeniedException e) {
      throw unusable(source, name, "permission denied");
    } catch (IOException | InvalidPathException e) {
      throw unusable(source, name, "cannot be read");
    }
  }

  private static ConfigException unusable(String source, String name, String reason) {
    return new ConfigException(
        source,
        ConfigException.quote(name) + ", " + reason,
        Option.CALLBACK_SECRET_FILE.expected());
  }
}
