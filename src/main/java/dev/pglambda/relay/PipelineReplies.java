package dev.pglambda.relay;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Column;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ParameterDescription;
import dev.pglambda.protocol.BackendMessage.RowDescription;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.ProtocolViolation;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the server answers to an {@link ExtendedQueryPipeline}. Used on the session's event loop.
 */
public final class PipelineReplies {
  /** The longest answer is a plan, in lines. */
  private static final int MOST_ROWS = 100_000;

  private final PipelineMemory memory;
  private final Function<MemoryAccount.Refusal, CompletionStage<?>> raise;
  private final CompletableFuture<PipelineReplies> answered = new CompletableFuture<>();
  private final List<Reply> replies = new ArrayList<>();
  private final List<List<byte @Nullable []>> rows = new ArrayList<>();
  private List<Integer> parameterTypes = List.of();
  private List<Integer> columnTypes = List.of();
  private int unanswered;
  private int syncs;
  private boolean deferRowDescription;

  private byte @Nullable [] rowDescription;

  /**
   * {@code raise} raises an error because of rows for which there was no memory; its stage fails.
   */
  PipelineReplies(
      PipelineMemory memory, Function<MemoryAccount.Refusal, CompletionStage<?>> raise) {
    this.memory = memory;
    this.raise = raise;
  }

  // ---- what is expected

  void expect(
      byte type,
      boolean visible,
      boolean silent,
      Consumer<ErrorFields> errors,
      Predicate<ErrorFields> suppressedErrors) {
    replies.add(new Reply(type, visible, silent, errors, suppressedErrors));
  }

  /** The last reply that is expected is to be another one, for the client. */
  void substituteLast(BackendMessage reply) {
    replies.get(replies.size() - 1).substitute = reply;
  }

  void deferRowDescription(boolean wanted) {
    deferRowDescription = wanted;
  }

  boolean include(byte type) {
    return count(type) > 0;
  }

  private int count(byte type) {
    return (int) replies.stream().filter(reply -> reply.kind == type).count();
  }

  /** It is sent: the queue tells of the replies from now on. */
  void begin(ReplyQueue queue) {
    unanswered = replies.size();
    syncs = count(FrontendMessage.SYNC);
    replies.forEach(reply -> queue.expect(reply, reply.kind));
  }

  CompletionStage<PipelineReplies> answered() {
    return answered;
  }

  /** Expects nothing: something else is sent. */
  void clear() {
    replies.clear();
    deferRowDescription = false;
  }

  void hideReady() {
    showReady(false);
  }

  private void showReady(boolean visible) {
    replies.stream()
        .filter(reply -> reply.kind == FrontendMessage.SYNC)
        .forEach(reply -> reply.visible = visible);
  }

  // ---- what was answered

  /** All is answered, but for a Sync, perhaps. */
  private void allAnswered() {
    memory.releaseFrames();
    MemoryAccount.Refusal refusal = memory.refusal();
    if (refusal == null) {
      answered.complete(this);
      memory.releaseRows();
    } else {
      rows.clear();
      memory.releaseRows();
      raise
          .apply(refusal)
          .whenComplete((raised, error) -> answered.completeExceptionally(new ServerError(false)));
    }
  }

  /** Bytes of the rows, which stay where they are: who calls this is to release them. */
  public long keepRows() {
    return memory.keepRows();
  }

  public List<List<byte @Nullable []>> rows() {
    return rows;
  }

  /** Object ids, as the statement that was described last has them. */
  public List<Integer> parameterTypes() {
    return parameterTypes;
  }

  /** Object ids, as what was described last returns them. */
  public List<Integer> columnTypes() {
    return columnTypes;
  }

  /** The replies to one message. */
  private final class Reply implements ReplyListener {
    private final byte kind;
    private boolean visible;
    private final boolean silent;
    private final Consumer<ErrorFields> errors;
    private final Predicate<ErrorFields> suppressedErrors;
    private @Nullable BackendMessage substitute;

    private Reply(
        byte kind,
        boolean visible,
        boolean silent,
        Consumer<ErrorFields> errors,
        Predicate<ErrorFields> suppressedErrors) {
      this.kind = kind;
      this.visible = visible;
      this.silent = silent;
      this.errors = errors;
      this.suppressedErrors = suppressedErrors;
    }

    @Override
    public boolean suppresses(byte type) {
      return switch (type) {
        case BackendMessage.PARAMETER_STATUS,
            BackendMessage.NOTIFICATION_RESPONSE,
            BackendMessage.ERROR_RESPONSE ->
            false;
        case BackendMessage.NOTICE_RESPONSE -> silent;
        case BackendMessage.NO_DATA -> true; // a simple query is not answered so
        default -> !visible;
      };
    }

    @Override
    public boolean wants(byte type) {
      return suppresses(type)
          || !isExpected(type)
          || isLast(type)
          || (visible && rowDescription != null);
    }

    /** Only rows can be many, or long. */
    @Override
    public boolean holds(byte type, int bodyLength) {
      return type != BackendMessage.DATA_ROW || memory.reserveRow(bodyLength);
    }

    @Override
    public @Nullable ByteBuf inFrontOf(byte type) {
      byte[] before = rowDescription;
      if (!visible || before == null || type != BackendMessage.DATA_ROW) {
        return null;
      }
      rowDescription = null;
      return Unpooled.wrappedBuffer(before);
    }

    private void isOver(byte type) {
      if (isLast(type) && --unanswered == 0) {
        allAnswered();
      } else if (syncs > 0 && unanswered <= syncs) {
        memory.releaseFrames();
        memory.releaseRows();
      }
    }

    private boolean isExpected(byte type) {
      return switch (type) {
        case BackendMessage.DATA_ROW -> kind == FrontendMessage.EXECUTE;
        case BackendMessage.PARAMETER_DESCRIPTION -> kind == FrontendMessage.DESCRIBE;
        case BackendMessage.NOTICE_RESPONSE -> true;
        default -> isLast(type);
      };
    }

    private boolean isLast(byte type) {
      return switch (kind) {
        case FrontendMessage.PARSE -> type == BackendMessage.PARSE_COMPLETE;
        case FrontendMessage.BIND -> type == BackendMessage.BIND_COMPLETE;
        case FrontendMessage.CLOSE -> type == BackendMessage.CLOSE_COMPLETE;
        case FrontendMessage.DESCRIBE ->
            type == BackendMessage.ROW_DESCRIPTION || type == BackendMessage.NO_DATA;
        case FrontendMessage.SYNC -> type == BackendMessage.READY_FOR_QUERY;
        default ->
            type == BackendMessage.COMMAND_COMPLETE
                || type == BackendMessage.EMPTY_QUERY_RESPONSE
                || type == BackendMessage.PORTAL_SUSPENDED;
      };
    }

    @Override
    public @Nullable ByteBuf onReply(byte type, ByteBuf buffer, int index)
        throws ProtocolViolation {
      if (!isExpected(type)) {
        throw new ProtocolViolation(
            "unexpected answer to the proxy's own message of type 0x%02x: type 0x%02x"
                .formatted(kind, type));
      }
      byte[] before = rowDescription;
      if (visible && before != null) {
        rowDescription = null;
        int length = Frame.length(buffer, index);
        isOver(type);
        return Unpooled.buffer(before.length + length)
            .writeBytes(before)
            .writeBytes(buffer, index, length);
      }
      switch (type) {
        case BackendMessage.DATA_ROW,
            BackendMessage.PARAMETER_DESCRIPTION,
            BackendMessage.ROW_DESCRIPTION ->
            keep(BackendMessage.read(buffer, index, Frame.length(buffer, index)));
        default -> {
          // says only that something is done
        }
      }
      boolean suppressed = suppresses(type);
      isOver(type);
      if (substitute != null) {
        return Unpooled.wrappedBuffer(MessageWriter.bytes(ISO_8859_1, substitute));
      }
      return suppressed ? Unpooled.EMPTY_BUFFER : null;
    }

    private void keep(@Nullable BackendMessage reply) throws ProtocolViolation {
      if (reply instanceof DataRow row) {
        if (rows.size() == MOST_ROWS) {
          throw new ProtocolViolation("too many rows for the proxy: more than " + MOST_ROWS);
        }
        rows.add(row.bytes());
        memory.releaseGathered();
      } else if (reply instanceof ParameterDescription description) {
        parameterTypes = description.typeOids();
      } else if (reply instanceof RowDescription description) {
        columnTypes = description.columns().stream().map(Column::typeOid).toList();
        if (deferRowDescription) {
          rowDescription = MessageWriter.bytes(ISO_8859_1, description);
        }
      } else {
        throw new IllegalArgumentException("malformed");
      }
    }

    @Override
    public void onError(ErrorFields fields) {
      errors.accept(fields);
    }

    @Override
    public boolean suppressesError(ErrorFields fields) {
      return suppressedErrors.test(fields);
    }

    /** If a Sync was sent with what has failed, its ReadyForQuery is the client's. */
    @Override
    public void failed() {
      showReady(true);
      memory.releaseFrames();
      memory.releaseRows();
      answered.completeExceptionally(new ServerError(syncs > 0));
    }

    @Override
    public void ready() {
      allAnswered();
    }
  }
}
