package dev.pglambda.relay;

import dev.pglambda.intercept.ServerSettings;

/**
 * The server's settings as its ParameterStatus messages report them; both directions of a session
 * use it.
 */
final class SessionState implements ServerSettings {
  private boolean standardConformingStrings = true;
  private boolean superuser;

  @Override
  public boolean standardConformingStrings() {
    return standardConformingStrings;
  }

  @Override
  public boolean superuser() {
    return superuser;
  }

  void parameter(String name, String value) {
    switch (name) {
      case "standard_conforming_strings" -> standardConformingStrings = value.equals("on");
      case "is_superuser" -> superuser = value.equals("on");
      default -> {
        // of no interest to the relay
      }
    }
  }
}
