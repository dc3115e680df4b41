package dev.pglambda.protocol;

/** What one side says to the other (PostgreSQL manual, "Message Formats"). */
public interface Message {

  default String name() {
    return getClass().getSimpleName();
  }

  /** Writes all of it, with its type and length. */
  void write(MessageWriter out);
}
