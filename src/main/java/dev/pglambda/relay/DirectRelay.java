package dev.pglambda.relay;

import dev.pglambda.intercept.Rewrite;
import dev.pglambda.intercept.direct.DirectCalls;
import dev.pglambda.intercept.direct.DirectCandidate;
import dev.pglambda.intercept.direct.DirectPlan;
import dev.pglambda.intercept.direct.DirectScript;
import dev.pglambda.intercept.direct.ResultParameters;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrontendMessage;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Serves the calls of one session that the proxy serves itself. A message that has to do with them
 * is held, and all that the client sends behind it, until the server has answered everything
 * before; then it is known what names mean, and the proxy's own messages can take the message's
 * place in the order of replies.
 *
 * <pre>
 *              hold                     nothing unanswered
 *   passing ─────────► waiting ────────────────────────────► working ──► passing
 *                         │                                  (DirectStatementDialogue, DirectCallDialogue)
 *                         └── the server skips up to a Sync, or copies ──► passing, the message too
 * </pre>
 *
 * Used on the session's event loop.
 */
final class DirectRelay {
  /** What the dialogues need of the session. */
  record Scene(
      Session session,
      ReplyQueue replies,
      SessionState state,
      PreparedStatements prepared,
      DirectCalls calls) {

    Exchange exchange() {
      return new Exchange(session.client().alloc());
    }
  }

  private final Scene scene;
  private final ReplyQueue replies;
  private final PreparedStatements prepared;
  private final FrontendRelay frontend;

  /** The message that waits, and what is known of its text. */
  private @Nullable ByteBuf held;

  private @Nullable Rewrite rewrite;

  /** Whether the proxy's own messages are under way in its place. */
  private boolean working;

  private boolean flushed;
  private @Nullable DirectCallDialogue calling;

  /**
   * Whether the server's transaction was begun by the proxy's own messages, and the client has
   * executed nothing in it. Nor has it ended it, as a Sync does; a Query would not from PostgreSQL
   * 18 on, which takes it for a part of the pipeline (postgres.c, start_xact_command).
   */
  private boolean ownTransaction;

  /** Names of the prepared statements that an error has left, perhaps. */
  private final Set<String> leftBehind = new LinkedHashSet<>();

  /** The schemas were there when last the server was asked. */
  private boolean installed;

  DirectRelay(Scene scene, FrontendRelay frontend) {
    this.scene = scene;
    this.replies = scene.replies();
    this.prepared = scene.prepared();
    this.frontend = frontend;
  }

  /** Whether a message is held. */
  boolean isHolding() {
    return held != null;
  }

  /** Whether a statement that could be served is to be held to find that out. */
  boolean isWanted(Rewrite text) {
    return text.direct() != null
        && scene.calls().areServed()
        && (!installed || scene.calls().areServedWhereInstalled());
  }

  /** Holds a message; {@link #advance} is to be called when the read is over. */
  void hold(ByteBuf buffer, int index, int length, @Nullable Rewrite text) {
    held = buffer.copy(index, length);
    rewrite = text;
    flushed = false;
    scene.session().pauseClient();
  }

  /** Goes on if it is time; the message is no longer held when it is done. */
  void advance() {
    ByteBuf message = held;
    if (message == null || working) {
      return;
    }
    if (replies.isSkipping() || replies.isCopyIn() || replies.isOutOfStep()) {
      passOn();
    } else if (replies.isEmpty()) {
      ownTransaction |= replies.isIdle();
      working = true;
      begin(message);
    } else if (!flushed) {
      flushed = true;
      ByteBuf flush = scene.session().client().alloc().buffer(Frame.HEADER_LENGTH);
      Frames.end(flush, Frames.begin(flush, FrontendMessage.FLUSH));
      scene.session().flushToServer(flush);
    }
  }

  private void begin(ByteBuf message) {
    byte type = message.getByte(0);
    switch (type) {
      case FrontendMessage.QUERY -> statement(message, true);
      case FrontendMessage.PARSE -> statement(message, false);
      case FrontendMessage.BIND -> bind(message);
      case FrontendMessage.DESCRIBE -> describe(message);
      default -> execute(message);
    }
  }

  private void statement(ByteBuf message, boolean query) {
    Rewrite text = rewrite;
    DirectScript script = text == null ? null : text.direct();
    if (text == null || script == null) {
      passOn();
      return;
    }
    if (query) {
      new DirectQuery(scene, this, text, script).start();
      return;
    }
    DirectCandidate candidate = script.size() == 1 ? script.candidate(0) : null;
    if (candidate == null) {
      passOn(); // the server refuses several statements
      return;
    }
    int body = Frame.HEADER_LENGTH;
    int nameEnd = message.indexOf(body, message.writerIndex(), (byte) 0);
    List<Integer> types = ParseMessage.declaredTypes(message, nameEnd + 1);
    if (types.size() > DirectScript.MAX_PARAMETERS) {
      passOn();
      return;
    }
    String name = name(message, body, nameEnd);
    if (!prepared.hasRoomForStatement(name)) {
      passOn();
      return;
    }
    new DirectStatementDialogue(scene, new Parsing(name), text, candidate, name, types, true)
        .start();
  }

  /** Goes on with a Parse. */
  private final class Parsing implements DirectStatementDialogue.Owner {
    private final String name;

    private Parsing(String name) {
      this.name = name;
    }

    @Override
    public void prepared(ServedStatement statement) {
      prepared.noteServed(name, statement);
      done();
    }

    @Override
    public void passes(boolean installed) {
      if (installed) {
        sawInstalled();
      } else {
        passOn();
      }
    }

    @Override
    public void failed() {
      DirectRelay.this.failed();
    }
  }

  private void bind(ByteBuf message) {
    BindMessage bind = BindMessage.read(message);
    ServedStatement statement = bind == null ? null : prepared.served(bind.statement());
    if (bind == null || statement == null) {
      passOn();
      return;
    }
    DirectPlan plan = statement.plan();
    if (bind.parameterCount() != plan.clientParameters()) {
      refuse(
          scene.exchange().describeStatement(bind.statement()), // it may be gone
          DirectCalls.wrongParameterCount(
              bind.parameterCount(), bind.statement(), plan.clientParameters()));
      return;
    }
    if (!prepared.hasRoomForPortal(bind.portal())) {
      refuse(scene.exchange(), DirectCalls.tooManyPortals());
      return;
    }
    List<byte @Nullable []> results = ResultParameters.nulls(plan.resultParameters());
    ServedPortal portal = new ServedPortal(statement, bind);
    // PostgreSQL plans what CREATE TABLE AS executes when it does so.
    boolean plans = !plan.invocations().isEmpty() && !plan.createsTable();
    Exchange exchange = scene.exchange();
    exchange
        .mending(statement::mend)
        .forClient(!plans)
        .bind(bind, bind.portal(), bind.statement(), results, false)
        .forClient(false);
    if (plans) {
      // Errors in their constants are found before the client is told that the portal is bound.
      DirectCallDialogue.planArguments(exchange, portal);
      exchange.answeredWith(BackendMessage.BIND_COMPLETE);
    }
    exchange.send(scene.session(), replies, false, () -> {}, this::leftBehind);
    prepared.noteServed(portal);
    done();
  }

  /** Raises an error in the message's place. */
  private void refuse(Exchange exchange, String raiseBlock) {
    exchange
        .mending(fields -> fields.with(ErrorFields.CONTEXT, null))
        .query(raiseBlock, List.of(), List.of(), false)
        .send(scene.session(), replies, false, () -> {}, this::leftBehind);
    done();
  }

  private void describe(ByteBuf message) {
    int body = Frame.HEADER_LENGTH + 1;
    String name = name(message, body, message.indexOf(body, message.writerIndex(), (byte) 0));
    ServedStatement statement = prepared.served(name);
    if (statement == null) {
      passOn();
      return;
    }
    int count = statement.plan().clientParameters();
    replies.sentFor(new ClientParameters(count), FrontendMessage.DESCRIBE);
    scene.session().toServer(message.retain());
    done();
  }

  private void execute(ByteBuf message) {
    int body = Frame.HEADER_LENGTH;
    int nameEnd = message.indexOf(body, message.writerIndex(), (byte) 0);
    ServedPortal portal = prepared.servedPortal(name(message, body, nameEnd));
    if (portal == null
        || message.writerIndex() - nameEnd != 1 + Integer.BYTES
        || scene.state().transactionFailed()) { // nothing is called then
      passOn();
      return;
    }
    new DirectCallDialogue(scene, this, portal, null).execute(message.getInt(nameEnd + 1));
  }

  private static String name(ByteBuf message, int from, int end) {
    return message.toString(from, end - from, StandardCharsets.ISO_8859_1);
  }

  void calling(@Nullable DirectCallDialogue dialogue) {
    calling = dialogue;
  }

  /** The extension is installed, and its functions are to be called. */
  void sawInstalled() {
    installed = true;
    passOn();
  }

  /** Sends the message as it would have been if nobody had held it. */
  void passOn() {
    ByteBuf message = held;
    if (message != null) {
      if (working && ownTransaction && message.getByte(0) == FrontendMessage.QUERY) {
        scene.exchange().sync().send(scene.session(), replies, false, () -> {}, () -> {});
      }
      frontend.pass(message, rewrite);
    }
    done();
  }

  /** An error has ended the dialogue, and may have left a prepared statement. */
  void failed() {
    leftBehind();
    done();
  }

  void leftBehind() {
    leftBehind.add(Exchange.OWN_NAME);
  }

  /** An error has ended the last statement of a Query, behind which there is no unnamed one. */
  void queryFailed() {
    leftBehind();
    leftBehind.add("");
  }

  /** Whether a Sync can, and before a Query must, end the transaction: it is not the client's. */
  boolean isOwnTransaction() {
    return ownTransaction;
  }

  /** The client executes a portal, or ends the transaction. */
  void clientTakesOver() {
    ownTransaction = false;
  }

  /**
   * Closes what an error has left, if there is something.
   *
   * @param alone whether the client has sent nothing more; else the unnamed statement may be its
   *     own by now, and the others wait for the next ReadyForQuery
   * @return whether another ReadyForQuery comes in place of the one that has come now
   */
  boolean tidy(boolean alone) {
    if (!alone) {
      leftBehind.remove("");
    }
    if (!alone || leftBehind.isEmpty()) {
      return false;
    }
    Exchange closing = scene.exchange();
    leftBehind.forEach(closing::closeStatement);
    leftBehind.clear();
    closing.forClient(true).sync().send(scene.session(), replies, false, () -> {}, () -> {});
    return true;
  }

  /** The message was dealt with. */
  void done() {
    if (held != null) {
      ownTransaction &= held.getByte(0) != FrontendMessage.QUERY;
      held.release();
      held = null;
    }
    rewrite = null;
    working = false;
    calling = null;
  }

  /** An error goes to the client: it may tell that the extension is gone, or of no use. */
  void sawError(ErrorFields fields) {
    if (scene.calls().concerns(fields)) {
      installed = false;
    }
  }

  /**
   * A cancel request for this session has come.
   *
   * @return whether it has ended a call, so that the server need not know of it
   */
  boolean cancel() {
    return calling != null && calling.cancel(false);
  }

  /** The session has ended. */
  void close() {
    if (calling != null) {
      calling.cancel(true);
    }
    done();
  }
}
