package dev.pglambda.direct.flow;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.Frames;
import dev.pglambda.relay.ReplyListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * Takes the proxy's own parameters, the last ones, out of what the Describe of a statement tells.
 *
 * @param count how many are the client's
 */
record ParameterDescriptionFilter(int count) implements ReplyListener {
  @Override
  public boolean suppresses(byte type) {
    return false;
  }

  @Override
  public boolean wants(byte type) {
    return type == BackendMessage.PARAMETER_DESCRIPTION;
  }

  @Override
  public @Nullable ByteBuf onReply(byte type, ByteBuf buffer, int index) {
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
