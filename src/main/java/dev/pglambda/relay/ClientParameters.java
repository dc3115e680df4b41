package dev.pglambda.relay;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.Frame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * Takes the proxy's own parameters, the last ones, out of what the Describe of a statement tells.
 *
 * @param count how many are the client's
 */
record ClientParameters(int count) implements ReplyQueue.Hearer {
  @Override
  public boolean keeps(byte type) {
    return false;
  }

  @Override
  public boolean wants(byte type) {
    return type == BackendMessage.PARAMETER_DESCRIPTION;
  }

  @Override
  public @Nullable ByteBuf hear(byte type, ByteBuf buffer, int index) {
    if (!wants(type)) {
      return null;
    }
    int kept = Short.BYTES + Integer.BYTES * count;
    ByteBuf shortened = Unpooled.buffer(Frame.HEADER_LENGTH + kept);
    int begun = Frames.begin(shortened, type);
    shortened.writeShort(count);
    shortened.writeBytes(buffer, index + Frame.HEADER_LENGTH + Short.BYTES, Integer.BYTES * count);
    Frames.end(shortened, begun);
    return shortened;
  }
}
