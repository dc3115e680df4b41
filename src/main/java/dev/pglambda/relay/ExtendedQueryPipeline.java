package dev.pglambda.relay;

import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.Answers;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BindMessage;
import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.Frames;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.ProtocolViolation;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Messages of the extended query protocol that the proxy sends for a client whose own message
 * waits, and what the server answers. The client does not get the replies, but for those of {@link
 * #forClient} messages; errors are the client's, because the server then skips what the client
 * sends, too. Used on the session's event loop.
 */
public final class ExtendedQueryPipeline {
  /** Name of the prepared statements and portals of the proxy's own, which do not stay. */
  public static final String OWN_NAME = "pglambda_direct";

  /** The longest answer is a plan, in lines. */
  private static final int MOST_ROWS = 100_000;

  private static final short BINARY = 1;
  private static final byte STATEMENT = 'S';
  private static final byte PORTAL = 'P';

  /** What a row takes beside its values. */
  private static final int ROW_OCTETS = 64;

  private final Session session;
  private final ReplyQueue queue;
  private final ByteBuf frames;
  private final MemoryAccount memory;

  /** Bytes reserved for the frames, until all is answered. */
  private long framesReserved;

  /** Bytes reserved for the rows, until they are used. */
  private long rowsReserved;

  /** The same for a row that is being gathered. */
  private long gathered;

  /** Why there is no memory for what was to be sent, or for a row of the answer. */
  private MemoryAccount.@Nullable Refusal refusal;

  /** That is what is sent, and it needs no account of its own. */
  private boolean raisesRefusal;

  private final List<Reply> replies = new ArrayList<>();
  private final List<List<byte @Nullable []>> rows = new ArrayList<>();
  private List<Integer> parameterTypes = List.of();
  private List<Integer> columnTypes = List.of();
  private int unanswered;
  private int syncs;
  private boolean forClient;

  /** Whether a RowDescription is to come with the first row. */
  private boolean deferRowDescription;

  private byte @Nullable [] rowDescription;
  private boolean suppressNotices;
  private Consumer<ErrorFields> onError = fields -> {};
  private Predicate<ErrorFields> suppressErrors = fields -> false;
  private final CompletableFuture<ExtendedQueryPipeline> answered = new CompletableFuture<>();

  ExtendedQueryPipeline(Session session, ReplyQueue queue) {
    this.session = session;
    this.queue = queue;
    this.frames = session.client().alloc().buffer();
    this.memory = session.memory();
  }

  /**
   * Reserves bytes until all is answered. If there are too many, an error is raised in the place of
   * all that was to be sent.
   */
  public ExtendedQueryPipeline needs(long octets) {
    if (refusal == null && !raisesRefusal) {
      if (memory.reserve(octets)) {
        framesReserved += octets;
      } else {
        refusal = memory.refusal();
      }
    }
    return this;
  }

  /** Whether there is no memory for what is to be sent. */
  public boolean isRefused() {
    return refusal != null;
  }

  private static long octets(List<byte @Nullable []> values) {
    long octets = 0;
    for (byte[] value : values) {
      octets += value == null ? 0 : value.length;
    }
    return octets;
  }

  // ---- what is to be sent

  /** The client gets the replies to what is added from now on. */
  public ExtendedQueryPipeline forClient(boolean visible) {
    forClient = visible;
    return this;
  }

  /** Whether the client does not get the notices about what is added from now on. */
  public ExtendedQueryPipeline suppressNotices(boolean suppressed) {
    suppressNotices = suppressed;
    return this;
  }

  /** Changes the errors about what is added from now on. */
  public ExtendedQueryPipeline onError(Consumer<ErrorFields> change) {
    onError = change;
    return this;
  }

  /** Which errors about what is added from now on the client does not get, as nothing fails. */
  public ExtendedQueryPipeline suppressErrors(Predicate<ErrorFields> suppressed) {
    suppressErrors = suppressed;
    return this;
  }

  public ExtendedQueryPipeline parse(String name, String text, List<Integer> types) {
    if (needs(text.length()).isRefused()) {
      return this;
    }
    int begun = begin(FrontendMessage.PARSE);
    Frames.string(Frames.string(frames, name), ClientEncoding.restored(text));
    frames.writeShort(types.size());
    types.forEach(frames::writeInt);
    return end(begun);
  }

  /** Binds with a client's parameters, and more of them. */
  public ExtendedQueryPipeline bind(
      BindMessage bind,
      String portal,
      String statement,
      List<byte @Nullable []> more,
      boolean binaryResults) {
    if (needs(bind.octets() + octets(more)).isRefused()) {
      return this;
    }
    int begun = begin(FrontendMessage.BIND);
    bind.write(frames, portal, statement, more, binaryResults);
    return end(begun);
  }

  public ExtendedQueryPipeline describeStatement(String name) {
    int begun = begin(FrontendMessage.DESCRIBE);
    Frames.string(frames.writeByte(STATEMENT), name);
    return end(begun);
  }

  public ExtendedQueryPipeline describePortal(String name) {
    int begun = begin(FrontendMessage.DESCRIBE);
    Frames.string(frames.writeByte(PORTAL), name);
    return end(begun);
  }

  /**
   * Describes the unnamed portal, if it is to be; the client gets the answer with the first reply
   * to the Execute that follows, unless that is an error.
   */
  public ExtendedQueryPipeline deferRowDescription(boolean wanted) {
    deferRowDescription = wanted;
    return wanted ? describePortal("") : this;
  }

  /**
   * Execute of a portal.
   *
   * @param maxRows 0: all
   */
  public ExtendedQueryPipeline execute(String portal, int maxRows) {
    int begun = begin(FrontendMessage.EXECUTE);
    Frames.string(frames, portal).writeInt(maxRows);
    return end(begun);
  }

  public ExtendedQueryPipeline closeStatement(String name) {
    int begun = begin(FrontendMessage.CLOSE);
    Frames.string(frames.writeByte(STATEMENT), name);
    return end(begun);
  }

  public ExtendedQueryPipeline closePortal(String name) {
    int begun = begin(FrontendMessage.CLOSE);
    Frames.string(frames.writeByte(PORTAL), name);
    return end(begun);
  }

  public ExtendedQueryPipeline sync() {
    return end(begin(FrontendMessage.SYNC));
  }

  /** Parse of a statement of the proxy's own, of which an error may have left another one. */
  public ExtendedQueryPipeline parseOwn(String text, List<Integer> types) {
    return closeStatement(OWN_NAME).parse(OWN_NAME, text, types);
  }

  /**
   * Parse, Bind, Execute and Close of a statement of the proxy's own.
   *
   * @param types object ids of the types of its parameters
   * @param parameters their values; null is NULL
   * @param binary the format of parameters and results; else text
   */
  public ExtendedQueryPipeline query(
      String text, List<Integer> types, List<byte @Nullable []> parameters, boolean binary) {
    if (parseOwn(text, types).needs(octets(parameters)).isRefused()) {
      return this;
    }
    int begun = begin(FrontendMessage.BIND);
    Frames.string(Frames.string(frames, OWN_NAME), OWN_NAME);
    frames.writeShort(1).writeShort(binary ? BINARY : 0).writeShort(parameters.size());
    parameters.forEach(value -> Frames.value(frames, value));
    frames.writeShort(1).writeShort(binary ? BINARY : 0);
    return end(begun).execute(OWN_NAME, 0).closeOwn();
  }

  public ExtendedQueryPipeline closeOwn() {
    return closePortal(OWN_NAME).closeStatement(OWN_NAME);
  }

  private int begin(byte type) {
    replies.add(new Reply(type, forClient, suppressNotices, onError, suppressErrors));
    return Frames.begin(frames, type);
  }

  private ExtendedQueryPipeline end(int begun) {
    Frames.end(frames, begun);
    return this;
  }

  /** The reply to what was added last is to be another one, for the client. */
  public ExtendedQueryPipeline answeredWith(byte type) {
    if (!isRefused()) {
      replies.get(replies.size() - 1).substitute = type;
    }
    return this;
  }

  /**
   * Sends it, and something behind it: the client's messages, or a Sync that was added.
   *
   * @return completes, on the event loop, when all is answered; fails with a {@link ServerError} if
   *     an error has come that is not suppressed. The rows are there until it has completed
   */
  public CompletionStage<ExtendedQueryPipeline> send() {
    return send(false);
  }

  /** Sends it and has the server answer at once. */
  public CompletionStage<ExtendedQueryPipeline> sendAndFlush() {
    return send(true);
  }

  private CompletionStage<ExtendedQueryPipeline> send(boolean flush) {
    if (isRefused()) {
      raiseRefusal();
    }
    unanswered = replies.size();
    syncs = (int) replies.stream().filter(reply -> reply.kind == FrontendMessage.SYNC).count();
    replies.forEach(reply -> queue.expect(reply, reply.kind));
    if (flush) {
      Frames.end(frames, Frames.begin(frames, FrontendMessage.FLUSH));
    }
    session.flushToServer(frames);
    return answered;
  }

  /** What is to be sent instead: only that the client's Sync stays where it was. */
  private void raiseRefusal() {
    boolean synced = replies.stream().anyMatch(reply -> reply.kind == FrontendMessage.SYNC);
    String raised =
        RaiseBlock.error(MessageHold.outOfMemory(java.util.Objects.requireNonNull(refusal)));
    releaseFrames();
    refusal = null;
    raisesRefusal = true;
    frames.clear();
    replies.clear();
    deferRowDescription = false;
    forClient(false).suppressNotices(false).suppressErrors(fields -> false);
    onError(fields -> fields.with(ErrorFields.CONTEXT, null));
    query(raised, List.of(), List.of(), false);
    if (synced) {
      forClient(true).sync();
    }
  }

  private void releaseFrames() {
    memory.release(framesReserved);
    framesReserved = 0;
  }

  private void releaseRows() {
    memory.release(rowsReserved + gathered);
    rowsReserved = 0;
    gathered = 0;
  }

  /** All is answered, but for a Sync, perhaps. */
  private void allAnswered() {
    releaseFrames();
    if (isRefused()) {
      rows.clear();
      releaseRows();
      raise();
      return;
    }
    answered.complete(this);
    releaseRows();
  }

  /** Raises an error because of rows for which there was no memory. */
  private void raise() {
    ExtendedQueryPipeline raising = new ExtendedQueryPipeline(session, queue);
    raising.refusal = refusal;
    raising
        .sendAndFlush()
        .whenComplete((raised, error) -> answered.completeExceptionally(new ServerError(false)));
  }

  // ---- what was answered

  /**
   * The rows stay where they are: who calls this, when all is answered, releases their bytes.
   *
   * @return how many bytes that are
   */
  public long keepRows() {
    long kept = rowsReserved;
    rowsReserved = 0;
    return kept;
  }

  /** The rows of all that was executed. */
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
    private byte substitute;

    private Reply(
        byte kind,
        boolean visible,
        boolean silent,
        Consumer<ErrorFields> errors,
        Predicate<ErrorFields> suppressedErrors) {
      this.suppressedErrors = suppressedErrors;
      this.kind = kind;
      this.visible = visible;
      this.silent = silent;
      this.errors = errors;
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
      if (type != BackendMessage.DATA_ROW) {
        return true;
      }
      long copy = bodyLength > MemoryBudget.SMALL ? bodyLength : 0;
      long octets = (long) bodyLength + ROW_OCTETS;
      if (isRefused()) {
        return false;
      }
      if (!memory.reserve(octets + copy)) {
        refusal = memory.refusal();
        return false;
      }
      rowsReserved += octets;
      gathered = copy;
      return true;
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
        releaseFrames();
        releaseRows();
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
        int length = 1 + buffer.getInt(index + 1);
        isOver(type);
        return Unpooled.buffer(before.length + length)
            .writeBytes(before)
            .writeBytes(buffer, index, length);
      }
      int body = index + Frame.HEADER_LENGTH;
      switch (type) {
        case BackendMessage.DATA_ROW -> {
          if (rows.size() == MOST_ROWS) {
            throw new ProtocolViolation("too many rows for the proxy: more than " + MOST_ROWS);
          }
          rows.add(Answers.row(buffer, body));
          memory.release(gathered);
          gathered = 0;
        }
        case BackendMessage.PARAMETER_DESCRIPTION ->
            parameterTypes = Answers.parameterTypes(buffer, body);
        case BackendMessage.ROW_DESCRIPTION -> {
          columnTypes = Answers.columnTypes(buffer, body);
          if (deferRowDescription) {
            byte[] description = new byte[1 + buffer.getInt(index + 1)];
            buffer.getBytes(index, description);
            rowDescription = description;
          }
        }
        default -> {
          // says only that something is done
        }
      }
      boolean suppressed = suppresses(type);
      isOver(type);
      if (substitute != 0) {
        ByteBuf answer = Unpooled.buffer(Frame.HEADER_LENGTH);
        Frames.end(answer, Frames.begin(answer, substitute));
        return answer;
      }
      return suppressed ? Unpooled.EMPTY_BUFFER : null;
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
      replies.stream()
          .filter(reply -> reply.kind == FrontendMessage.SYNC)
          .forEach(reply -> reply.visible = true);
      releaseFrames();
      releaseRows();
      answered.completeExceptionally(new ServerError(syncs > 0));
    }

    @Override
    public void ready() {
      allAnswered();
    }
  }
}
