package dev.pglambda.testing;

import io.netty.buffer.PooledByteBufAllocator;

/** What the buffers of all connections of this JVM hold. */
public final class NettyMemory {
  private NettyMemory() {}

  /** Bytes that are allocated and not released, on the heap and outside. */
  public static long inUse() {
    PooledByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
    return allocator.pinnedHeapMemory() + allocator.pinnedDirectMemory();
  }
}
