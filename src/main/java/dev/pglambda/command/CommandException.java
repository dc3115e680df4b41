package dev.pglambda.command;

/** A command that cannot go on. The message is one line, for the user. */
final class CommandException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Obstacle obstacle;

  /** Why it cannot. */
  enum Obstacle {
    /** The proxy is not there, or not now. */
    UNREACHABLE,
    /** The proxy does not do it. */
    REFUSED,
    /** Who reads what it prints has gone, and wants no more. */
    OUTPUT_CLOSED
  }

  CommandException(Obstacle obstacle, String message) {
    super(message);
    this.obstacle = obstacle;
  }

  Obstacle obstacle() {
    return obstacle;
  }
}
