package dev.pglambda.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Function;

/** Reads secrets and passwords. Its messages never show them. */
final class SecretReader {
  /** More than any secret needs: a mistaken path, say to a device, is not read for ever. */
  private static final int LONGEST_FILE = 64 * 1024;

  private SecretReader() {}

  static Secret text(String source, String text) throws ConfigException {
    byte[] bytes = text.getBytes(UTF_8);
    if (bytes.length < Secret.MINIMUM_BYTES) {
      throw new ConfigException(source, bytes.length + " bytes", Option.CALLBACK_SECRET.expected());
    }
    return new Secret(bytes);
  }

  static Secret file(String source, String name) throws ConfigException {
    NamedFile file = new NamedFile(Option.CALLBACK_SECRET_FILE, source, name);
    byte[] bytes = file.read();
    if (bytes.length < Secret.MINIMUM_BYTES) {
      throw file.unusable(bytes.length + " bytes");
    }
    return new Secret(bytes);
  }

  static Password password(String source, String text) throws ConfigException {
    return password(source, text, Password::new, Option.IAM_PASSWORD);
  }

  static Password token(String source, String text) throws ConfigException {
    return password(source, text, Password::ofToken, Option.ADMIN_TOKEN);
  }

  private static Password password(
      String source, String text, Function<String, Password> parser, Option option)
      throws ConfigException {
    try {
      return parser.apply(text);
    } catch (IllegalArgumentException e) {
      throw new ConfigException(source, String.valueOf(e.getMessage()), option.expected());
    }
  }

  static Password passwordFile(String source, String name) throws ConfigException {
    return passwordFile(new NamedFile(Option.IAM_PASSWORD_FILE, source, name), Password::new);
  }

  static Password tokenFile(String source, String name) throws ConfigException {
    return passwordFile(new NamedFile(Option.ADMIN_TOKEN_FILE, source, name), Password::ofToken);
  }

  private static Password passwordFile(NamedFile file, Function<String, Password> parser)
      throws ConfigException {
    try {
      return parser.apply(UTF_8.newDecoder().decode(ByteBuffer.wrap(file.read())).toString());
    } catch (CharacterCodingException e) {
      throw file.unusable("not in UTF-8");
    } catch (IllegalArgumentException e) {
      throw file.unusable(String.valueOf(e.getMessage()));
    }
  }

  /**
   * A file with a secret.
   *
   * @param option that names it
   * @param source the option, or its variable
   */
  private record NamedFile(Option option, String source, String name) {

    /** Its bytes without newlines at the end. */
    byte[] read() throws ConfigException {
      byte[] bytes = readAll();
      int length = bytes.length;
      while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r')) {
        length--;
      }
      if (length > LONGEST_FILE) {
        throw unusable("more than 64 kB");
      }
      return Arrays.copyOf(bytes, length);
    }

    private byte[] readAll() throws ConfigException {
      try (InputStream stream = Files.newInputStream(Path.of(name))) {
        return stream.readNBytes(LONGEST_FILE + 2);
      } catch (NoSuchFileException e) {
        throw unusable("no such file");
      } catch (AccessDeniedException e) {
        throw unusable("permission denied");
      } catch (IOException | InvalidPathException e) {
        throw unusable("cannot be read");
      }
    }

    ConfigException unusable(String reason) {
      return new ConfigException(
          source, ConfigException.quote(name) + ", " + reason, option.expected());
    }
  }
}
