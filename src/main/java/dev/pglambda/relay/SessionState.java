package dev.pglambda.relay;

import dev.pglambda.intercept.ServerSettings;
import java.util.Set;

/**
 * The server's settings as its ParameterStatus messages report them; both directions of a session
 * use it.
 */
final class SessionState implements ServerSettings {
  /** The client encodings in which a byte below 128 can be the second one of a character. */
  private static final Set<String> ASCII_UNSAFE =
      Set.of("BIG5", "GB18030", "GBK", "JOHAB", "SHIFT_JIS_2004", "SJIS", "UHC");

  private boolean standardConformingStrings = true;
  private boolean asciiSafe = true;
  private boolean utf8;
  private boolean superuser;

  @Override
  public boolean standardConformingStrings() {
    return standardConformingStrings;
  }

  @Override
  public boolean superuser() {
    return superuser;
  }

  @Override
  public boolean asciiSafe() {
    return asciiSafe;
  }

  @Override
  public boolean utf8() {
    return utf8;
  }

  void parameter(String name, String value) {
    switch (name) {
      case "standard_conforming_strings" -> standardConformingStrings = value.equals("on");
      case "client_encoding" -> {
        asciiSafe = !ASCII_UNSAFE.contains(value);
        utf8 = value.equals("UTF8");
      }
      case "is_superuser" -> superuser = value.equals("on");
      default -> {
        // of no interest to the relay
      }
    }
  }
}
