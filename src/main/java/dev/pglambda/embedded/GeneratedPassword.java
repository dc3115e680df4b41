package dev.pglambda.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Base64;

/**
 * A password that nobody chose, kept in a private file of the data directory from the first start
 * that needs it. Whoever writes another one into the file has chosen it.
 *
 * @param text visible ASCII
 * @param file absolute
 */
public record GeneratedPassword(String text, Path file) {

  private static final String FILE = "embedded-password";
  private static final int RANDOM_BYTES = 18;

  /** Reads the file, or makes it; fails also if it holds something else. */
  public static GeneratedPassword in(Path dataDirectory) throws EmbeddedPostgresException {
    Path file = dataDirectory.toAbsolutePath().resolve(FILE);
    try {
      if (!Files.exists(file)) {
        DataDirectory.create(dataDirectory);
        byte[] random = new byte[RANDOM_BYTES];
        new SecureRandom().nextBytes(random);
        String text = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        PrivateFile.replace(file, text + "\n", null);
        return new GeneratedPassword(text, file);
      }
      String text = Files.readString(file).strip();
      if (text.matches("[!-~]{8,128}")) {
        return new GeneratedPassword(text, file);
      }
    } catch (IOException e) {
      throw DataDirectory.unusable(dataDirectory, e);
    }
    throw new DataDirectoryException(
        file + ": no password (expected: 8 to 128 visible ASCII characters)", null);
  }

  @Override
  public String toString() {
    return "GeneratedPassword[" + file + "]";
  }
}
