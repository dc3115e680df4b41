package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pglambda.lambda.CallEvaluator;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.lambda.InvokeArguments.Form;
import dev.pglambda.lambda.InvokeErrors;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.BackendMessage.BackendKeyData;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.MessageReader;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.RawMessage;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.protocol.auth.RandomToken;
import dev.pglambda.protocol.auth.Sha256;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The life of a link after authentication: requests as simple queries, one answer to each
 * (docs/development/callback-protocol.md, "The callback protocol").
 */
final class RequestPhase implements LinkPhase {
  private static final int NONCE_BYTES = 16;
  private static final int PROOF_DIGITS = 2 * Sha256.BYTES;
  private static final String HEX_DIGITS = "0123456789abcdef";
  private static final String CLIENT_ENCODING = "client_encoding";
  private static final ReadyForQuery READY = new ReadyForQuery(ReadyForQuery.IDLE);
  private static final byte[] HELLO = "hello".getBytes(US_ASCII);

  private static final SqlError NO_CALL =
      new SqlError(
          SqlState.CONNECTION_FAILURE,
          "no call is in progress on this connection to the proxy",
          "The answer was not asked for in time, so the request to Lambda was cancelled; its"
              + " outcome is unknown.",
          null);
  private static final SqlError NOT_SUPPORTED =
      new SqlError(
          SqlState.FEATURE_NOT_SUPPORTED, "only the simple query protocol is supported here");

  private static final SqlError TOO_MANY_LINKS =
      new SqlError(
          SqlState.TOO_MANY_CONNECTIONS,
          "too many connections for role \"" + CallbackServer.USER + "\"",
          null,
          "The option --max-callback-links of pg-lambda-proxy says how many there may be.");
  private static final SqlError TOO_MANY_CALLS =
      new SqlError(
          SqlState.TOO_MANY_CONNECTIONS, "too many calls of one client's session at a time");
  private static final SqlError IDLE =
      new SqlError(
          SqlState.IDLE_SESSION_TIMEOUT, "terminating connection due to idle-session timeout");

  private final Link link;
  private final MemoryAccount memory;
  private final Semaphore places;
  private final String installation;
  private final InstallationKeys keys;
  private final CallbackLimits limits;
  private final CallEvaluator function;
  private final RecordedInvocations recorded;
  private final ClientSessions sessions;
  private final CallsInProgress calls;
  private final MessageReader reader;
  private LinkEncoding encoding;
  private @Nullable String nonce;
  private long lastSequence = -1;
  private @Nullable Call call;
  private boolean skippingUntilSync;
  private boolean hasPlace;
  private @Nullable ScheduledFuture<?> idleTimer;

  /** Whether a request has come since the timer was set. */
  private boolean active;

  /** The client's session of the last call; null if it had none. */
  private @Nullable String session;

  /** Bytes reserved for the message that is being handled. */
  private long requestReserved;

  /** The same for the call in progress: its request, and the copies that are sent. */
  private long callReserved;

  RequestPhase(
      Link link,
      String installation,
      InstallationKeys keys,
      CallbackLimits limits,
      CallEvaluator function,
      RecordedInvocations recorded,
      ClientSessions sessions,
      CallsInProgress calls,
      Semaphore places,
      LinkEncoding encoding) {
    this.link = link;
    this.memory = link.memory();
    this.places = places;
    this.installation = installation;
    this.keys = keys;
    this.limits = limits;
    this.function = function;
    this.recorded = recorded;
    this.sessions = sessions;
    this.calls = calls;
    this.encoding = encoding;
    this.reader = MessageReader.skipping(limits.maxRequestBytes(), memory);
  }

  /**
   * Tells what libpq and pgjdbc need to know of a server. DateStyle and IntervalStyle are not among
   * it: dblink would compare them with its own.
   */
  @Override
  public void begin() {
    hasPlace = places.tryAcquire();
    if (!hasPlace) {
      link.fail(TOO_MANY_LINKS);
      return;
    }
    idleTimer = link.schedule(this::closeIfIdle, limits.idleAfter());
    ByteBuffer key = ByteBuffer.wrap(RandomToken.bytes(8));
    link.send(
        new ParameterStatus("server_version", "12.0 (pg-lambda-proxy)"),
        new ParameterStatus("server_encoding", LinkEncoding.UTF8.name()),
        new ParameterStatus(CLIENT_ENCODING, encoding.name()),
        new ParameterStatus("standard_conforming_strings", "on"),
        new BackendKeyData(key.getInt(), key.slice()),
        READY);
  }

  @Override
  public MessageReader reader() {
    return reader;
  }

  @Override
  public void closed() {
    if (call != null) {
      call.giveUp();
    }
    if (idleTimer != null) {
      idleTimer.cancel(false);
      idleTimer = null;
    }
    if (hasPlace) {
      hasPlace = false;
      places.release();
    }
  }

  /** See {@link CallbackLimits#DEFAULTS}. */
  private void closeIfIdle() {
    boolean missed = session != null && !sessions.hasEnded(session);
    if (active || call != null || missed) {
      active = false;
      idleTimer = link.schedule(this::closeIfIdle, limits.idleAfter());
    } else {
      link.fail(IDLE);
    }
  }

  @Override
  public void receive(RawMessage message) throws ProtocolViolation {
    active = true;
    requestReserved = message.reserved();
    try {
      handle(message);
    } finally {
      memory.release(requestReserved);
      requestReserved = 0;
    }
  }

  private void handle(RawMessage message) throws ProtocolViolation {
    switch (message.type()) {
      case FrontendMessage.QUERY -> {
        if (!skippingUntilSync) {
          query(message);
        }
      }
      case FrontendMessage.PARSE,
          FrontendMessage.BIND,
          FrontendMessage.DESCRIBE,
          FrontendMessage.EXECUTE,
          FrontendMessage.CLOSE ->
          skipUntilSync();
      case FrontendMessage.SYNC -> sync();
      case FrontendMessage.FUNCTION_CALL -> {
        if (!skippingUntilSync) {
          refuse(NOT_SUPPORTED);
        }
      }
      // Flush: nothing is kept back. Copy data: ignored by PostgreSQL outside of COPY, too.
      case FrontendMessage.FLUSH,
          FrontendMessage.COPY_DATA,
          FrontendMessage.COPY_DONE,
          FrontendMessage.COPY_FAIL -> {}
      default ->
          throw new ProtocolViolation(
              "invalid frontend message type " + Byte.toUnsignedInt(message.type()));
    }
  }

  /** Extended query: one error for the lot (manual, "Extended Query"). */
  private void skipUntilSync() {
    if (!skippingUntilSync) {
      skippingUntilSync = true;
      link.send(error(NOT_SUPPORTED));
    }
  }

  private void sync() {
    skippingUntilSync = false;
    link.send(READY);
  }

  private void query(RawMessage message) throws ProtocolViolation {
    if (message.tooLong()) {
      refuse(InvokeErrors.requestTooLong(limits.maxRequestBytes()));
      return;
    }
    if (message.refusal() != null) {
      answer(Answer.failed(SqlError.outOfMemory(message.refusal())));
      return;
    }
    byte[] text = message.body();
    int length = Query.textLength(text);
    try {
      handle(text, length);
    } catch (RefusedRequestException e) {
      refuse(e.error());
    }
  }

  private void handle(byte[] text, int length) throws RefusedRequestException {
    if (Arrays.equals(text, 0, length, HELLO, 0, HELLO.length)) {
      nonce = RandomToken.hex(NONCE_BYTES);
      lastSequence = -1; // No proof over the new nonce can have been seen: nothing to replay.
      answer(Answer.hello(nonce));
      return;
    }
    String encodingName = LinkEncoding.nameInCommand(text, length);
    if (encodingName != null) {
      setEncoding(encodingName);
      return;
    }
    byte[] proof = proof(text, length);
    int rest = PROOF_DIGITS + 1;
    if (nonce == null || !keys.verify(proof, nonce, text, rest, length - rest)) {
      answer(Answer.STALE);
      return;
    }
    proven(new RequestReader(text, rest, length));
  }

  private void proven(RequestReader request) throws RefusedRequestException {
    String name = request.name();
    boolean invoke = name.equals("invoke/1");
    if (!invoke && !name.equals("wait/1")) {
      throw RefusedRequestException.unknownRequest(name);
    }
    long sequence = request.sequence();
    if (sequence <= lastSequence) {
      answer(Answer.STALE);
      return;
    }
    lastSequence = sequence;
    if (invoke) {
      session = request.session();
      if (call != null) {
        call.giveUp();
      }
      Form form = request.form();
      if (form == null) {
        answerRecorded(request);
      } else {
        invoke(session, form, request);
      }
    } else {
      request.end();
      await();
    }
  }

  private void answerRecorded(RequestReader request) throws RefusedRequestException {
    Long before = request.before();
    CallOrigin asking = request.origin(null, installation, encoding.charset());
    request.end();
    start(() -> recorded.page(asking, before, encoding, memory));
  }

  private void invoke(@Nullable String clientSession, Form form, RequestReader request)
      throws RefusedRequestException {
    if (clientSession != null && sessions.calls(clientSession) >= limits.maxCallsPerSession()) {
      answer(Answer.failed(TOO_MANY_CALLS));
      return;
    }
    // One copy is decoded from digits or made for the request to Lambda, one is the socket's.
    long copies = requestReserved > MemoryBudget.SMALL ? 2 * requestReserved : 0;
    if (!memory.reserve(copies)) {
      answer(Answer.failed(SqlError.outOfMemory(memory.refusal())));
      return;
    }
    requestReserved += copies;
    InvokeArguments arguments = request.arguments(form);
    CallOrigin origin =
        request.origin(sessions.client(clientSession), installation, encoding.charset());
    request.end();
    callReserved = requestReserved;
    requestReserved = 0;
    start(() -> function.call(arguments, origin));
  }

  private void start(Supplier<CompletableFuture<InvokeAnswer>> evaluation) {
    // Forgotten when it ends, so that an idle link keeps no payload.
    Call next = new Call(link, limits, this::answer, this::callEnded);
    calls.begin();
    call = next;
    next.start(evaluation, session, sessions);
    next.ask();
  }

  private void callEnded() {
    call = null;
    memory.release(callReserved);
    callReserved = 0;
    calls.end();
  }

  private void await() {
    if (call == null) {
      answer(Answer.failed(NO_CALL));
    } else {
      call.ask();
    }
  }

  private void setEncoding(String name) throws RefusedRequestException {
    LinkEncoding named = LinkEncoding.named(name);
    if (named == null) {
      throw new RefusedRequestException(LinkEncoding.INVALID);
    }
    encoding = named;
    link.send(
        new ParameterStatus(CLIENT_ENCODING, named.name()), new CommandComplete("SET"), READY);
  }

  private void answer(Answer answer) {
    link.send(answer.encode(link.alloc(), encoding));
  }

  private void refuse(SqlError error) {
    link.send(error(error), READY);
  }

  private static ErrorResponse error(SqlError error) {
    return new ErrorResponse(ErrorFields.of(ErrorFields.ERROR, error));
  }

  /** The digits of the proof at the start of a request. */
  private static byte[] proof(byte[] text, int length) throws RefusedRequestException {
    if (length <= PROOF_DIGITS || text[PROOF_DIGITS] != ' ') {
      throw RefusedRequestException.notARequest();
    }
    byte[] proof = Arrays.copyOf(text, PROOF_DIGITS);
    for (byte digit : proof) {
      if (HEX_DIGITS.indexOf(digit) < 0) {
        throw RefusedRequestException.notARequest();
      }
    }
    return proof;
  }
}
