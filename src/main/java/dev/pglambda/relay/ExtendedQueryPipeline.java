package dev.pglambda.relay;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Close;
import dev.pglambda.protocol.FrontendMessage.Describe;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.protocol.FrontendMessage.Flush;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.SqlError;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.List;
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

  private final MemoryAccount account;
  private final ChannelPair channels;
  private final ReplyQueue queue;
  private final PipelineMemory memory;
  private final ByteBuf frames;
  private final MessageWriter writer;
  private final PipelineReplies replies;

  /** It raises an error instead of what was to be sent, and needs no account of its own. */
  private boolean raisesRefusal;

  private boolean forClient;

  private boolean suppressNotices;
  private Consumer<ErrorFields> onError = fields -> {};
  private Predicate<ErrorFields> suppressErrors = fields -> false;

  ExtendedQueryPipeline(MemoryAccount account, ChannelPair channels, ReplyQueue queue) {
    this.account = account;
    this.channels = channels;
    this.queue = queue;
    this.memory = new PipelineMemory(account);
    this.frames = channels.allocator().buffer();
    this.writer = new MessageWriter(frames, ISO_8859_1);
    this.replies = new PipelineReplies(memory, this::raise);
  }

  /**
   * Reserves bytes until all is answered. If there are too many, an error is raised in the place of
   * all that was to be sent.
   */
  public ExtendedQueryPipeline needs(long bytes) {
    if (!raisesRefusal) {
      memory.reserveFrames(bytes);
    }
    return this;
  }

  /** Whether there is no memory for what is to be sent. */
  public boolean isRefused() {
    return memory.refusal() != null;
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
    return add(new Parse(name, ClientEncoding.restored(text), types));
  }

  /** Binds with a client's parameters, and more of them. */
  public ExtendedQueryPipeline bind(
      Bind bind,
      String portal,
      String statement,
      List<byte @Nullable []> more,
      boolean binaryResults) {
    if (needs(bind.bytes() + DataRow.length(more)).isRefused()) {
      return this;
    }
    return add(bind.with(portal, statement, DataRow.ofBytes(more).values(), binaryResults));
  }

  /** Binds the proxy's own statement likewise, for results in binary format. */
  public ExtendedQueryPipeline bindOwn(Bind bind, List<byte @Nullable []> more) {
    return bind(bind, OWN_NAME, OWN_NAME, more, true);
  }

  public ExtendedQueryPipeline describeStatement(String name) {
    return add(Describe.statement(name));
  }

  public ExtendedQueryPipeline describePortal(String name) {
    return add(Describe.portal(name));
  }

  /**
   * Describes the unnamed portal, if it is to be; the client gets the answer with the first reply
   * to the Execute that follows, unless that is an error.
   */
  public ExtendedQueryPipeline deferRowDescription(boolean wanted) {
    replies.deferRowDescription(wanted);
    return wanted ? describePortal("") : this;
  }

  /** Execute of a portal for so many rows; 0: all. */
  public ExtendedQueryPipeline execute(String portal, int maxRows) {
    return add(new Execute(portal, maxRows));
  }

  public ExtendedQueryPipeline closeStatement(String name) {
    return add(Close.statement(name));
  }

  public ExtendedQueryPipeline closePortal(String name) {
    return add(Close.portal(name));
  }

  public ExtendedQueryPipeline sync() {
    return add(new Sync());
  }

  /** Parse of a statement of the proxy's own, of which an error may have left another one. */
  public ExtendedQueryPipeline parseOwn(String text, List<Integer> types) {
    return closeStatement(OWN_NAME).parse(OWN_NAME, text, types);
  }

  public ExtendedQueryPipeline executeOwn() {
    return execute(OWN_NAME, 0);
  }

  public ExtendedQueryPipeline closeOwn() {
    return closePortal(OWN_NAME).closeStatement(OWN_NAME);
  }

  /** A {@link #query} without parameters, whose results are in text format. */
  public ExtendedQueryPipeline query(String text) {
    return query(text, List.of(), List.of(), false);
  }

  /** A {@link #query} without parameters, whose results are in binary format. */
  public ExtendedQueryPipeline binaryQuery(String text) {
    return query(text, List.of(), List.of(), true);
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
    if (parseOwn(text, types).needs(DataRow.length(parameters)).isRefused()) {
      return this;
    }
    List<Integer> formats =
        List.of(binary ? FrontendMessage.BINARY_FORMAT : FrontendMessage.TEXT_FORMAT);
    List<@Nullable ByteBuffer> values = DataRow.ofBytes(parameters).values();
    return add(new Bind(OWN_NAME, OWN_NAME, formats, values, formats)).executeOwn().closeOwn();
  }

  private ExtendedQueryPipeline add(FrontendMessage message) {
    int at = frames.writerIndex();
    writer.write(message);
    replies.expect(frames.getByte(at), forClient, suppressNotices, onError, suppressErrors);
    return this;
  }

  /** The reply to what was added last is to be another one, for the client. */
  public ExtendedQueryPipeline answeredWith(BackendMessage reply) {
    if (!isRefused()) {
      replies.substituteLast(reply);
    }
    return this;
  }

  /**
   * Sends it, and something behind it: the client's messages, or a Sync that was added. The stage
   * completes, on the event loop, when all is answered, and has the rows until then; it fails with
   * a {@link ServerError} if an error has come that is not suppressed.
   */
  public CompletionStage<PipelineReplies> send() {
    return send(false);
  }

  /** Sends nothing: there is no memory for it, and nobody needs to know. */
  public void discard() {
    memory.releaseFrames();
    frames.release();
  }

  /** Of what was sent: the client does not get the ReadyForQuery that answers its Sync. */
  void hideReady() {
    replies.hideReady();
  }

  /** Sends it and has the server answer at once. */
  public CompletionStage<PipelineReplies> sendAndFlush() {
    return send(true);
  }

  /** Sends it, and a statement behind it that raises an error: the stage fails. */
  public <T> CompletionStage<T> sendAndRaise(String raiseBlock) {
    return query(raiseBlock)
        .sendAndFlush()
        .thenApply(
            raised -> {
              throw new IllegalArgumentException("the server has raised no error");
            });
  }

  private CompletionStage<PipelineReplies> send(boolean flush) {
    if (isRefused()) {
      raiseRefusal();
    }
    replies.begin(queue);
    if (flush) {
      writer.write(new Flush());
    }
    channels.flushToServer(frames);
    return replies.answered();
  }

  /** What is to be sent instead: only that the client's Sync stays where it was. */
  private void raiseRefusal() {
    boolean synced = replies.include(FrontendMessage.SYNC);
    String raised = RaiseBlock.error(SqlError.outOfMemory(memory.reset()));
    replies.clear();
    raisesRefusal = true;
    frames.clear();
    forClient(false).suppressNotices(false).suppressErrors(fields -> false);
    onError(fields -> fields.with(ErrorFields.CONTEXT, null));
    query(raised);
    if (synced) {
      forClient(true).sync();
    }
  }

  /** Raises an error because of rows for which there was no memory. */
  private CompletionStage<?> raise(MemoryAccount.Refusal refusal) {
    ExtendedQueryPipeline raising = new ExtendedQueryPipeline(account, channels, queue);
    raising.memory.refuse(refusal);
    return raising.sendAndFlush();
  }
}
