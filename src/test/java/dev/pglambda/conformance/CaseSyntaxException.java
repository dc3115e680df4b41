package dev.pglambda.conformance;

/** A mistake in a case file; the message begins with {@code file:line}. */
public final class CaseSyntaxException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CaseSyntaxException(String file, int line, String message) {
    super(file + ":" + line + ": " + message);
  }
}
