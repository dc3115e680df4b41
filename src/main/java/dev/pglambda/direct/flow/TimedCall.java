package dev.pglambda.direct.flow;

import dev.pglambda.direct.plan.ArgumentValues;
import dev.pglambda.direct.plan.DirectCalls;
import dev.pglambda.direct.plan.DirectCalls.CallOutcome;
import dev.pglambda.direct.plan.SessionCalls;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.relay.SessionControl;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** A call of Lambda that is under way. Used on the session's event loop. */
final class TimedCall {
  private final CompletableFuture<CallOutcome> request;
  private final CompletableFuture<CallOutcome> outcome = new CompletableFuture<>();
  private final @Nullable Future<?> timer;
  private boolean over;

  TimedCall(
      SessionControl session, SessionCalls calls, ArgumentValues arguments, CallOrigin origin) {
    request = calls.call(arguments, origin);
    double seconds = arguments.statementTimeout();
    timer =
        seconds > 0
            ? session.schedule(() -> stop(DirectCalls.cancelled(true)), Math.round(seconds * 1000))
            : null;
    var unused =
        request.whenComplete((result, failure) -> session.execute(() -> returned(result, failure)));
  }

  /** Completes on the event loop; not at all if the call is abandoned. */
  CompletionStage<CallOutcome> outcome() {
    return outcome;
  }

  private void returned(@Nullable CallOutcome result, @Nullable Throwable failure) {
    if (!over) {
      end();
      outcome.complete(result == null ? DirectCalls.internalError(failure) : result);
    }
  }

  void cancel() {
    stop(DirectCalls.cancelled(false));
  }

  private void stop(CallOutcome instead) {
    if (!over) {
      end();
      outcome.complete(instead);
      request.cancel(true);
    }
  }

  /** There is nobody to be told of its outcome. */
  void abandon() {
    end();
    request.cancel(true);
  }

  private void end() {
    over = true;
    if (timer != null) {
      timer.cancel(false);
    }
  }
}
