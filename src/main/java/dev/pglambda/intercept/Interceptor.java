package dev.pglambda.intercept;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

public final class Interceptor {
  public @Nullable Rewrite inspect(
      ByteBuf buffer, int index, int length, boolean standardConformingStrings) {
    return null;
  }
}
