package dev.pglambda.relay;

/** What both directions of a session must know of the server's settings. */
final class SessionState {
  private boolean standardConformingStrings = true;

  /** Whether backslashes are ordinary characters in '..' literals (reported by ParameterStatus). */
  boolean standardConformingStrings() {
    return standardConformingStrings;
  }

  void parameter(String name, String value) {
    if (name.equals("standard_conforming_strings")) {
      standardConformingStrings = value.equals("on");
    }
  }
}
