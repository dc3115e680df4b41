package dev.pglambda.relay;

import dev.pglambda.intercept.direct.CallbackTrial;
import dev.pglambda.intercept.direct.PermissionQuestion;
import dev.pglambda.intercept.direct.Schemas;
import dev.pglambda.intercept.direct.SessionCalls;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.relay.DirectRelay.Scene;
import java.util.List;

/**
 * Finds out, before a statement with calls is looked at, whether the server can call back to the
 * proxy, if there is doubt and the role may call:
 *
 * <pre>
 *   may the role? ──► the server calls ──► did the call come?
 * </pre>
 */
final class CallbackTrialDialogue {
  private final Scene scene;
  private final SessionCalls calls;
  private final Runnable then;
  private final Runnable failed;

  private CallbackTrialDialogue(Scene scene, Runnable then, Runnable failed) {
    this.scene = scene;
    this.calls = scene.calls();
    this.then = then;
    this.failed = failed;
  }

  /**
   * Tries it if that is due.
   *
   * @param then goes on, whatever was found out
   * @param failed goes on behind an error, which went to the client
   */
  static void start(Scene scene, Schemas schemas, Runnable then, Runnable failed) {
    if (schemas.lambda() && scene.calls().isCallbackToBeTried()) {
      new CallbackTrialDialogue(scene, then, failed).ask();
    } else {
      then.run();
    }
  }

  private void ask() {
    PermissionQuestion question = calls.trialQuestion();
    Exchange asked =
        scene
            .exchange()
            .query(question.query(), List.of(), List.of(), true)
            .query(CallbackTrial.POSSIBLE, List.of(), List.of(), true);
    send(
        asked,
        () -> {
          boolean possible =
              question.refusal(asked.rows().get(0)) == null
                  && CallbackTrial.isPossible(asked.rows().get(1));
          if (possible && calls.beginTrial()) {
            call();
          } else {
            then.run();
          }
        });
  }

  private void call() {
    Exchange tried =
        scene
            .exchange()
            .quiet(true)
            .mending(fields -> fields.with(ErrorFields.CONTEXT, null))
            .query(CallbackTrial.BLOCK, List.of(), List.of(), false)
            .query(CallbackTrial.OUTCOME, List.of(), List.of(), false);
    send(
        tried,
        () -> {
          calls.endTrial(CallbackTrial.wasAnswered(tried.rows().get(0)));
          then.run();
        });
  }

  private void send(Exchange exchange, Runnable next) {
    exchange.send(scene.session(), scene.replies(), true, next, failed);
  }
}
