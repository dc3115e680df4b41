package dev.pglambda.callback;

import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.lambda.InvokeErrors;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One call of the function in progress, asked for by one request after another.
 *
 * <pre>
 *              ┌───────── wait/1 within 10 s ──────────┐
 *              ▼                                       │
 *   invoke ► asked ── 100 ms without a result ──► answered pending
 *              │                                       │
 *           result: answered                     10 s: given up
 * </pre>
 *
 * The session's end is a result; the link's end and another {@code invoke/1} give the call up at
 * any time. Used on the link's event loop only.
 */
final class Call {
  private static final Logger log = LoggerFactory.getLogger(Call.class);
  private static final SqlError SESSION_ENDED =
      new SqlError(
          SqlState.ADMIN_SHUTDOWN,
          "terminating the call because the client's session has ended",
          "The request to Lambda was cancelled; its outcome is unknown.",
          null);
  private static final SqlError INTERNAL_ERROR =
      new SqlError(
          SqlState.INTERNAL_ERROR,
          "internal error in the proxy",
          "The outcome of the call is unknown.",
          "See the proxy's log.");

  static final int COPIES = 3;

  private final Link link;
  private final CallbackLimits limits;
  private final Consumer<Answer> answers;
  private final Runnable ended;
  private CompletableFuture<InvokeAnswer> result = new CompletableFuture<>();
  private Runnable stopWatching = () -> {};
  private @Nullable ScheduledFuture<?> timer;
  private @Nullable Answer answer;

  /** Bytes reserved for it. */
  private long answerReserved;

  private boolean asked;
  private boolean over;

  /** Answers the request that asks; {@code ended} runs once, when none may ask any more. */
  Call(Link link, CallbackLimits limits, Consumer<Answer> answers, Runnable ended) {
    this.link = link;
    this.limits = limits;
    this.answers = answers;
    this.ended = ended;
  }

  /**
   * Starts the call, to be asked for next; the session is null if it did not come through the
   * proxy.
   */
  void start(
      Supplier<CompletableFuture<InvokeAnswer>> function,
      @Nullable String session,
      ClientSessions sessions) {
    if (session != null) {
      // First, so that of a session that has ended already no result comes before that is known.
      stopWatching = sessions.watch(session, () -> link.execute(this::sessionEnded));
    }
    try {
      result = function.get();
    } catch (RuntimeException e) {
      result = CompletableFuture.failedFuture(e);
    }
    var unused =
        result.whenComplete((value, failure) -> link.execute(() -> completed(value, failure)));
  }

  /** A request asks for the answer. */
  void ask() {
    cancelTimer();
    if (answer != null) {
      answer(answer);
    } else {
      asked = true;
      link.hold();
      timer = link.schedule(this::notYet, limits.answerWithin());
    }
  }

  private void notYet() {
    asked = false;
    timer = link.schedule(this::giveUp, limits.waitWithin());
    answers.accept(Answer.PENDING);
  }

  private void completed(@Nullable InvokeAnswer value, @Nullable Throwable failure) {
    if (value != null) {
      settle(Answer.of(value));
    } else if (!over && answer == null) {
      log.error("a call of aws_lambda.invoke failed in the proxy", failure);
      settle(Answer.failed(INTERNAL_ERROR));
    }
  }

  private void sessionEnded() {
    settle(Answer.failed(SESSION_ENDED));
    result.cancel(true);
  }

  private void settle(Answer settled) {
    if (over || answer != null) {
      return;
    }
    Answer kept = reserve(settled);
    answer = kept;
    if (asked) {
      answer(kept);
    }
  }

  /**
   * A payload as it came, its digits where the link's encoding needs them, and the socket's copy.
   */
  private Answer reserve(Answer settled) {
    long bytes = COPIES * settled.bytes();
    if (bytes > MemoryBudget.SMALL && !link.memory().reserve(bytes)) {
      return Answer.failed(InvokeErrors.outOfMemoryForReply(link.memory().refusal()));
    }
    answerReserved = bytes > MemoryBudget.SMALL ? bytes : 0;
    return settled;
  }

  private void answer(Answer last) {
    link.releaseWhenSent(answerReserved);
    answerReserved = 0;
    end();
    answers.accept(last);
  }

  /** Nobody wants the answer any more: cancels the request to Lambda. */
  void giveUp() {
    link.memory().release(answerReserved);
    answerReserved = 0;
    end();
    result.cancel(true);
  }

  private void end() {
    over = true;
    cancelTimer();
    stopWatching.run();
    ended.run();
  }

  private void cancelTimer() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }
}
