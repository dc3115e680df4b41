package dev.pglambda.lambda.project;

import java.nio.file.Path;
import java.util.Set;

/**
 * What {@code --functions} names cannot be used. The message is for people: {@code file:line: what:
 * actual (expected: ...)}; no value of a variable is in it.
 */
public final class FunctionsException extends Exception {
  private final transient Set<Path> watched;

  FunctionsException(String message) {
    this(message, Set.of());
  }

  private FunctionsException(String message, Set<Path> watched) {
    super(message);
    this.watched = Set.copyOf(watched);
  }

  FunctionsException watching(Set<Path> files) {
    return new FunctionsException(String.valueOf(getMessage()), files);
  }

  /** Files and folders, absolute, one of which must change before reading again may succeed. */
  public Set<Path> watched() {
    return watched;
  }
}
