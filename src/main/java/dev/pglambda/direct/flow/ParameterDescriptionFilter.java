package dev.pglambda.direct.flow;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.ParameterDescription;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.relay.ReplyListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
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
    ParameterDescription description =
        (ParameterDescription) BackendMessage.read(buffer, index, Frame.length(buffer, index));
    List<Integer> types = Objects.requireNonNull(description).typeOids().subList(0, count);
    return MessageWriter.buffer(
        UnpooledByteBufAllocator.DEFAULT,
        StandardCharsets.ISO_8859_1,
        new ParameterDescription(types));
  }
}
