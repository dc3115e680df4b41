package dev.pglambda.protocol;

import io.netty.buffer.ByteBuf;

/**
 * Where the fields of a complete frame are, for messages that pass without being decoded. Allocates
 * nothing. Where a field is not, the index is negative.
 */
public final class FrameFields {
  private static final byte NUL = 0;

  private FrameFields() {}

  /** Where the NUL of the string stands that begins at an index. */
  public static int stringEnd(ByteBuf buffer, int from, int end) {
    return from >= 0 && from < end ? buffer.indexOf(from, end, NUL) : -1;
  }

  /** Where the field behind that string begins. */
  public static int behindString(ByteBuf buffer, int from, int end) {
    int nul = stringEnd(buffer, from, end);
    return nul < 0 ? -1 : nul + 1;
  }

  /** Where the text of a Query or Parse begins. */
  public static int textStart(byte type, ByteBuf buffer, int body, int end) {
    return type == FrontendMessage.QUERY ? body : behindString(buffer, body, end);
  }

  /** Where its NUL stands; a Query must end with it. */
  public static int textEnd(byte type, ByteBuf buffer, int text, int end) {
    if (type == FrontendMessage.QUERY) {
      return end > text && buffer.getByte(end - 1) == NUL ? end - 1 : -1;
    }
    return stringEnd(buffer, text, end);
  }

  /** Where the name in a Close, Describe or Execute begins, or the portal's in a Bind. */
  public static int nameStart(byte type, int body) {
    return type == FrontendMessage.CLOSE || type == FrontendMessage.DESCRIBE ? body + 1 : body;
  }

  /** Whether a Close or Describe names a statement, not a portal. */
  public static boolean namesStatement(ByteBuf buffer, int body) {
    return buffer.getByte(body) == FrontendMessage.STATEMENT;
  }

  /** Whether it names a portal, not a statement. */
  public static boolean namesPortal(ByteBuf buffer, int body) {
    return buffer.getByte(body) == FrontendMessage.PORTAL;
  }
}
