package dev.pglambda.relay;

import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.limits.MemoryAccount.Refusal;
import dev.pglambda.limits.MemoryBudget;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What an {@link ExtendedQueryPipeline} has reserved of a session's memory: for its frames until
 * all is answered, and for the rows of the answer until they are used.
 */
final class PipelineMemory {
  /** Bytes that a row takes beside its values. */
  private static final int ROW_BYTES = 64;

  private final MemoryAccount account;
  private long frames;
  private long rows;

  /** For the copy of a row that is being gathered. */
  private long gathered;

  private @Nullable Refusal refusal;

  PipelineMemory(MemoryAccount account) {
    this.account = account;
  }

  /** Reserves bytes for frames; there may be no memory for them. */
  void reserveFrames(long bytes) {
    if (refusal == null && reserve(bytes)) {
      frames += bytes;
    }
  }

  /** Reserves what a row takes whose message has a body of so many bytes. */
  boolean reserveRow(int bodyLength) {
    long copy = bodyLength > MemoryBudget.SMALL ? bodyLength : 0;
    long row = (long) bodyLength + ROW_BYTES;
    if (refusal != null || !reserve(row + copy)) {
      return false;
    }
    rows += row;
    gathered = copy;
    return true;
  }

  private boolean reserve(long bytes) {
    boolean reserved = account.reserve(bytes);
    refusal = reserved ? null : account.refusal();
    return reserved;
  }

  void releaseGathered() {
    account.release(gathered);
    gathered = 0;
  }

  void releaseFrames() {
    account.release(frames);
    frames = 0;
  }

  void releaseRows() {
    releaseGathered();
    account.release(keepRows());
  }

  /** Bytes of the rows, which are somebody else's to release from now on. */
  long keepRows() {
    long kept = rows;
    rows = 0;
    return kept;
  }

  /** Why there is no memory for a frame, or for a row of the answer; else null. */
  @Nullable Refusal refusal() {
    return refusal;
  }

  void refuse(Refusal why) {
    refusal = why;
  }

  /** There is memory again: something else is sent, and nothing is reserved for it yet. */
  Refusal reset() {
    Refusal why = Objects.requireNonNull(refusal);
    releaseFrames();
    refusal = null;
    return why;
  }
}
