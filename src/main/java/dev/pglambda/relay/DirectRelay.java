package dev.pglambda.relay;

import dev.pglambda.intercept.Rewrite;
import dev.pglambda.intercept.Rewrite.Keys;
import dev.pglambda.intercept.direct.DirectCalls;
import dev.pglambda.intercept.direct.DirectCandidate;
import dev.pglambda.intercept.direct.DirectPlan;
import dev.pglambda.intercept.direct.DirectScript;
import dev.pglambda.intercept.direct.ResultParameters;
import dev.pglambda.intercept.direct.SessionCalls;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrontendMessage;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Holds messages of one session, and serves the calls that the proxy serves itself. A message whose
 * text is of concern, or that has to do with such calls or with the keys, is held, and all that the
 * client sends behind it, until the server has answered everything before; then it is known by
 * which settings a text is read and what names mean, and the proxy's own messages can take the
 * message's place in the order of replies, or go before it.
 *
 * <pre>
 *              hold                     nothing unanswered
 *   passing ─────────► waiting ────────────────────────────► working ──► passing
 *                         │                                  (text, KeyOffer, DirectStatementDialogue, DirectCallDialogue)
 *                         └── the server skips up to a Sync, or copies ──► passing, the message too, unread
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
      SessionCalls calls) {

    Exchange exchange() {
      return new Exchange(session.client().alloc(), session.memory());
    }
  }

  private final Scene scene;
  private final ReplyQueue replies;
  private final PreparedStatements prepared;
  private final FrontendRelay frontend;
  private final KeyOffer keys;

  /** The message that waits, and what is known of its text. */
  private @Nullable ByteBuf held;

  private @Nullable Rewrite rewrite;

  /** Whether the text of the message is still to be looked at. */
  private boolean unread;

  /** The server has no procedure that installs the extension, or this role is not to do it. */
  private boolean noProcedures;

  /** The role may have the keys, as the server said last in or before this series of messages. */
  private @Nullable List<byte @Nullable []> answer;

  /** Whether the keys are being stored, while all that the client sends waits. */
  private boolean storing;

  /** Octets reserved for it. */
  private long reserved;

  /** What raises an error in the place of a message that was too long to be held; else null. */
  private @Nullable String refusal;

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

  /** Whether the client has executed a portal since its last Sync or Query. */
  private boolean executing;

  /** The same when it sent its last Query. */
  private boolean queryBehindExecute;

  /** Names of the prepared statements that an error has left, perhaps. */
  private final Set<String> leftBehind = new LinkedHashSet<>();

  /** The schemas were there when last the server was asked. */
  private boolean installed;

  DirectRelay(Scene scene, FrontendRelay frontend, KeyOffer keys) {
    this.scene = scene;
    this.replies = scene.replies();
    this.prepared = scene.prepared();
    this.frontend = frontend;
    this.keys = keys;
  }

  /** Whether what the client sends has to wait. */
  boolean isHolding() {
    return held != null || storing;
  }

  /** Whether a message is to be held because of what was found in its text. */
  boolean isWanted(Rewrite text) {
    return isToBeServed(text)
        || (!scene.state().transactionFailed()
            && (text.readsParameters() || wantsKeys(text.keys())));
  }

  /** Whether it has a statement that could be served, so that it is asked whether it can. */
  private boolean isToBeServed(Rewrite text) {
    return text.direct() != null
        && scene.calls().areServed()
        && (!installed || scene.calls().mayBeServedWhereInstalled());
  }

  /** Holds a message; {@link #advance} is to be called when the read is over. */
  void hold(ByteBuf buffer, int index, int length, @Nullable Rewrite text) {
    held = buffer.copy(index, length);
    rewrite = text;
    unread = false;
    flushed = false;
    scene.session().pauseClient();
  }

  /** The same with a Query or Parse whose text is of concern, until its settings are certain. */
  void holdUnread(ByteBuf buffer, int index, int length) {
    hold(buffer, index, length, null);
    unread = true;
  }

  /** The message that is held keeps what was reserved for it, until it is dealt with. */
  void keepReserved(long octets) {
    reserved += octets;
  }

  /** A message of this type begins for which there is no memory: its turn is an error. */
  void holdRefused(byte type, MemoryAccount.Refusal why) {
    ByteBuf stub = scene.session().client().alloc().buffer(Frame.HEADER_LENGTH);
    Frames.end(stub, Frames.begin(stub, type));
    held = stub;
    rewrite = null;
    unread = false;
    refusal = DirectCalls.outOfMemory(why);
    flushed = false;
    scene.session().dropClientMessage();
    scene.session().pauseClient();
  }

  /** Goes on if it is time; the message is no longer held when it is done. */
  void advance() {
    ByteBuf message = held;
    if (message == null || working || storing) {
      return;
    }
    if (replies.isSkipping()
        || replies.isCopyIn()
        || (replies.isEmpty() && replies.isOutOfStep())) {
      passOn();
    } else if (replies.isEmpty()) {
      boolean idle = replies.isIdle();
      ownTransaction |= idle;
      working = true;
      if (!unread || idle) {
        begin(message);
      } else if (message.getByte(0) == FrontendMessage.QUERY && !queryBehindExecute) {
        endSeries();
      } else {
        // If nothing but what is asked was executed, a Query must not become a part of the series.
        ownTransaction |= !executing;
        askSettings(message);
      }
    } else if (!flushed && replies.awaitsSync()) {
      flushed = true;
      ByteBuf flush = scene.session().client().alloc().buffer(Frame.HEADER_LENGTH);
      Frames.end(flush, Frames.begin(flush, FrontendMessage.FLUSH));
      scene.session().flushToServer(flush);
    }
  }

  /**
   * Ends a series of messages in which nothing was executed, as the Query behind it would: then the
   * server has reported its settings.
   */
  private void endSeries() {
    Exchange end = scene.exchange().sync();
    end.send(scene.session(), replies, false, () -> working = false, this::done);
  }

  /**
   * Within a series of messages the server does not report its settings. SHOW takes no snapshot, so
   * that SET TRANSACTION may follow.
   */
  private void askSettings(ByteBuf message) {
    Exchange asked =
        scene
            .exchange()
            .quiet(true)
            .query("SHOW client_encoding", List.of(), List.of(), false)
            .query("SHOW standard_conforming_strings", List.of(), List.of(), false);
    Runnable begin =
        () -> {
          scene.state().asked(value(asked.rows().get(0)), value(asked.rows().get(1)));
          begin(message);
        };
    asked.send(scene.session(), replies, true, begin, failure(message));
  }

  private static String value(List<byte @Nullable []> row) {
    byte[] value = row.get(0);
    return value == null ? "" : new String(value, StandardCharsets.ISO_8859_1);
  }

  /** What follows an error that ends the proxy's own messages before a message of the client's. */
  private Runnable failure(ByteBuf message) {
    return message.getByte(0) == FrontendMessage.QUERY ? this::endQuery : this::failed;
  }

  private void begin(ByteBuf message) {
    if (refusal != null) {
      refuse(scene.exchange(), refusal);
      return;
    }
    byte type = message.getByte(0);
    switch (type) {
      case FrontendMessage.QUERY, FrontendMessage.PARSE -> {
        if (unread) {
          unread = false;
          rewrite = frontend.read(message);
        }
        if (rewrite != null && !rewrite.statements().isEmpty()) {
          noProcedures = false;
        }
        text(message, type == FrontendMessage.QUERY);
      }
      case FrontendMessage.BIND -> {
        MemoryAccount memory = scene.session().memory();
        long octets = message.readableBytes();
        if (!memory.reserve(octets)) {
          refuse(scene.exchange(), DirectCalls.outOfMemory(memory.refusal()));
        } else if (!bind(message, octets)) {
          memory.release(octets);
        }
      }
      case FrontendMessage.DESCRIBE -> describe(message);
      default -> execute(message);
    }
  }

  /** Does what must be done before a text is executed. */
  private void text(ByteBuf message, boolean query) {
    Rewrite text = rewrite;
    if (text == null) {
      passOn();
    } else if (text.readsParameters() && !isKnownToHaveFailed()) {
      before(message, keys.parameters(), rows -> read(message, query, text));
    } else {
      read(message, query, text);
    }
  }

  private void read(ByteBuf message, boolean query, Rewrite text) {
    if (isToBeServed(text)) {
      statement(message, query, text);
    } else if (query) {
      offerKeys(message, text.keys());
    } else {
      askForKeys(message, text.keys());
    }
  }

  /** Whether the server would refuse the proxy's own messages, as the client's. */
  private boolean isKnownToHaveFailed() {
    return ownTransaction && scene.state().transactionFailed();
  }

  /**
   * Executes a query of the proxy's own before a message, and goes on when it is answered. Where no
   * series of messages has begun it has one of its own: from PostgreSQL 18 on, what is executed
   * behind it in the same series is in a transaction block, which a procedure cannot end; nor would
   * a Query.
   *
   * @param then is given the rows; none if the query has failed and the client is not told
   */
  private void before(ByteBuf message, String text, Consumer<List<List<byte @Nullable []>>> then) {
    boolean query = message.getByte(0) == FrontendMessage.QUERY;
    boolean first = !query && replies.isIdle();
    Exchange asked =
        scene
            .exchange()
            .quiet(true)
            .expecting(error -> first)
            .query(text, List.of(), List.of(), false);
    Runnable answered =
        () -> {
          if (asked.rows().isEmpty()) {
            leftBehind();
          }
          then.accept(asked.rows());
        };
    if (first || (query && ownTransaction)) {
      asked.sync().send(scene.session(), replies, false, answered, this::failed);
    } else {
      asked.send(scene.session(), replies, true, answered, failure(message));
    }
  }

  /** Asks whether the role may have the keys, and offers them if so. */
  private void offerKeys(ByteBuf message, Keys wanted) {
    if (!wantsKeys(wanted) || isKnownToHaveFailed()) {
      passOn();
    } else if (answer == null) {
      ask(message, wanted, () -> passOn(offer()));
    } else {
      passOn(offer());
    }
  }

  /** Asks the same before the series of messages that executes the statement begins. */
  private void askForKeys(ByteBuf message, Keys wanted) {
    if (!wantsKeys(wanted) || !replies.isIdle() || scene.state().transactionFailed()) {
      passOn();
    } else {
      ask(message, wanted, this::passOn);
    }
  }

  private void ask(ByteBuf message, Keys wanted, Runnable then) {
    boolean ofProcedure = wanted == Keys.OF_PROCEDURE;
    before(
        message,
        ofProcedure ? keys.askForProcedure() : keys.ask(),
        rows -> {
          answer = !rows.isEmpty() && KeyOffer.isYes(rows.get(0)) ? rows.get(0) : null;
          noProcedures = ofProcedure && answer == null && !rows.isEmpty();
          then.run();
        });
  }

  /** The keys, if the answer is yes. The offer itself sees to it that it still is. */
  private @Nullable ByteBuf offer() {
    List<byte @Nullable []> yes = answer;
    answer = null;
    return yes == null ? null : keys.offer(yes);
  }

  /** Whether the keys may have to be offered to a statement. */
  boolean wantsKeys(Keys wanted) {
    return switch (wanted) {
      case NONE -> false;
      case OF_STATEMENT -> true;
      case OF_PROCEDURE -> asksForProcedures();
    };
  }

  /**
   * Whether a CALL is to be held to ask whether a procedure may install the extension: once in a
   * session, and again after a text that may have created one.
   */
  boolean asksForProcedures() {
    return !noProcedures;
  }

  /**
   * Has the keys stored because a statement that has ended wants them. What the client sends
   * meanwhile waits, and so does its ReadyForQuery.
   */
  void storeKeys() {
    storing = true;
    scene.session().pauseClient();
    Exchange asked =
        scene
            .exchange()
            .quiet(true)
            .expecting(error -> true)
            .query(keys.ask(), List.of(), List.of(), false)
            .sync();
    asked.send(scene.session(), replies, false, () -> storeKeys(asked.rows()), () -> {});
  }

  private void storeKeys(List<List<byte @Nullable []>> rows) {
    storing = false;
    if (rows.isEmpty() || !KeyOffer.isYes(rows.get(0))) {
      scene
          .exchange()
          .forClient(true)
          .sync()
          .send(scene.session(), replies, false, () -> {}, () -> {});
      return;
    }
    replies.sentStore(KeyOffer.STORE_TYPES);
    scene.session().flushToServer(keys.store(rows.get(0)));
  }

  private void statement(ByteBuf message, boolean query, Rewrite text) {
    DirectScript script = text.direct();
    if (script == null) {
      passOn();
      return;
    }
    if (query && !replies.isIdle() && !ownTransaction) {
      passOn(); // whether a transaction block is open is not known
      return;
    }
    if (query) {
      new DirectQuery(scene, this, text, script).start();
      return;
    }
    DirectCandidate candidate = script.size() == 1 ? script.onlyCandidate() : null;
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
      long octets = statement.octets();
      scene.session().memory().take(octets);
      prepared.noteServed(name, statement, octets);
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

  /**
   * @param octets that the portal will hold
   * @return whether it does
   */
  private boolean bind(ByteBuf message, long octets) {
    BindMessage bind = BindMessage.read(message);
    ServedStatement statement = bind == null ? null : prepared.served(bind.statement());
    if (bind == null) {
      passOn();
      return false;
    }
    if (statement == null) {
      askForKeys(message, prepared.keysOfStatement(bind.statement()));
      return false;
    }
    DirectPlan plan = statement.plan();
    if (bind.parameterCount() != plan.clientParameters()) {
      refuse(
          scene.exchange().describeStatement(bind.statement()), // it may be gone
          DirectCalls.wrongParameterCount(
              bind.parameterCount(), bind.statement(), plan.clientParameters()));
      return false;
    }
    if (!prepared.hasRoomForPortal(bind.portal())) {
      refuse(scene.exchange(), DirectCalls.tooManyPortals());
      return false;
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
    boolean bound = !exchange.isRefused();
    exchange.send(scene.session(), replies, false, () -> {}, this::leftBehind);
    if (bound) {
      prepared.noteServed(portal, octets);
    }
    done();
    return bound;
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
    String name = name(message, body, nameEnd);
    ServedPortal portal = prepared.servedPortal(name);
    if (portal == null) {
      offerKeys(message, prepared.keys(name));
      return;
    }
    if (message.writerIndex() - nameEnd != 1 + Integer.BYTES) {
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
    passOn(null);
  }

  private void passOn(@Nullable ByteBuf offer) {
    ByteBuf message = held;
    if (message != null) {
      if (working
          && ownTransaction
          && !replies.isIdle()
          && message.getByte(0) == FrontendMessage.QUERY) {
        scene.exchange().sync().send(scene.session(), replies, false, () -> {}, () -> {});
      }
      frontend.pass(message, rewrite, offer);
    }
    done();
  }

  /**
   * The proxy's own messages in place of a Query have failed: it is answered. Behind a Query there
   * is no unnamed statement.
   */
  void endQuery() {
    scene
        .exchange()
        .sync()
        .closeStatement("")
        .closeStatement(Exchange.OWN_NAME)
        .forClient(true)
        .sync()
        .send(scene.session(), replies, false, () -> {}, () -> {});
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

  /** The client executes a portal. */
  void clientExecutes() {
    ownTransaction = false;
    executing = true;
  }

  /** The client ends a series of messages, and its transaction if it has begun one. */
  void clientSyncs() {
    ownTransaction = false;
    executing = false;
    answer = null;
  }

  /** The client sends a Query. */
  void clientQueries() {
    queryBehindExecute = executing;
    executing = false;
    answer = null;
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
    unread = false;
    refusal = null;
    scene.session().memory().release(reserved);
    reserved = 0;
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
