package dev.pglambda.callback;

/**
 * One message of the server's: type and body, without the length.
 *
 * <p>The body's array holds the only copy made of the octets that arrived; a payload is a view of
 * it.
 */
final class Message {
  private final byte type;
  private final byte[] body;
  private final boolean tooLong;

  Message(byte type, byte[] body, boolean tooLong) {
    this.type = type;
    this.body = body;
    this.tooLong = tooLong;
  }

  char type() {
    return (char) (type & 0xff);
  }

  /** The body; empty if it was {@link #tooLong()}. */
  byte[] body() {
    return body;
  }

  /** Whether the body was longer than the reader's limit and was dropped. */
  boolean tooLong() {
    return tooLong;
  }
}
