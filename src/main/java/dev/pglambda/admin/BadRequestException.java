package dev.pglambda.admin;

/** What is asked for cannot be understood; the message says what, and what is expected. */
final class BadRequestException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  BadRequestException(String what, String actual, String expected) {
    super("%s: \"%s\" (expected: %s)".formatted(what, actual, expected));
  }
}
