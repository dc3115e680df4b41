package dev.pglambda.relay;

import dev.pglambda.intercept.ErrorPosition;
import dev.pglambda.intercept.Rewrite;
import dev.pglambda.intercept.direct.DirectCandidate;
import dev.pglambda.intercept.direct.DirectScript;
import dev.pglambda.intercept.direct.Schemas;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.relay.DirectRelay.Scene;
import java.util.List;

/**
 * In place of a Query whose calls the proxy serves: its statements one after the other, by the
 * extended query protocol and with one Sync at the end, so that they are one transaction, as they
 * would have been.
 */
final class DirectQuery implements DirectStatementDialogue.Owner {
  /** The error of a text of several statements that is right (postgres.c). */
  private static final String SYNTAX_ERROR = "42601";

  private final Scene scene;
  private final DirectRelay relay;
  private final Rewrite rewrite;
  private final DirectScript script;
  private int index;

  /** How many characters of the text stand before the statement. */
  private int before;

  DirectQuery(Scene scene, DirectRelay relay, Rewrite rewrite, DirectScript script) {
    this.scene = scene;
    this.relay = relay;
    this.rewrite = rewrite;
    this.script = script;
    this.before = script.charactersBefore(0);
  }

  void start() {
    SessionState state = scene.state();
    if (!script.isDivisible(state.inTransaction() || state.transactionFailed())) {
      relay.passOn();
      return;
    }
    if (script.size() == 1 || scene.state().transactionFailed()) {
      statement(); // perhaps one that ends the failed transaction
      return;
    }
    Exchange asked =
        scene.exchange().query(scene.calls().schemasQuery(), List.of(), List.of(), true);
    send(
        asked,
        () -> {
          Schemas schemas = Schemas.read(asked.rows().get(0));
          CallbackTrialDialogue.start(scene, schemas, () -> begin(schemas), this::failed);
        });
  }

  private void begin(Schemas schemas) {
    if (scene.calls().areLeftToServer(schemas)) {
      relay.sawInstalled();
    } else if (scene.state().inTransaction() || !relay.isOwnTransaction()) {
      statement(); // the check would end it
    } else {
      checkSyntax();
    }
  }

  /**
   * PostgreSQL executes nothing of a text with a syntax error. It tells of one before it tells that
   * a Parse message must not have several statements.
   */
  private void checkSyntax() {
    Exchange checked =
        scene
            .exchange()
            .mending(this::mend)
            .expecting(
                error ->
                    SYNTAX_ERROR.equals(error.get(ErrorFields.SQLSTATE))
                        && error.get(ErrorFields.POSITION) == null)
            .parseOwn(rewrite.text(), List.of())
            .sync();
    checked.send(scene.session(), scene.replies(), false, this::statement, relay::failed);
  }

  private void statement() {
    DirectCandidate candidate =
        script.size() == 1 ? script.onlyCandidate() : script.candidate(index, before);
    if (candidate == null) {
      plain();
    } else {
      new DirectStatementDialogue(scene, this, rewrite, candidate, "", List.of(), false).start();
    }
  }

  private void plain() {
    boolean late = script.sendsLate(index);
    Exchange exchange =
        scene
            .exchange()
            .mending(statementMender())
            .parse("", script.statement(index), List.of())
            .bind(BindMessage.EMPTY, "", "", List.of(), false);
    if (late) {
      exchange.describeLate(true);
    } else {
      exchange.forClient(true).describePortal("").forClient(false);
    }
    executed(exchange.forClient(true).execute("", 0).forClient(false));
  }

  @Override
  public void passes(boolean installed) {
    if (script.size() > 1) {
      plain(); // something may have been executed
    } else if (installed) {
      relay.sawInstalled();
    } else {
      relay.passOn();
    }
  }

  @Override
  public void prepared(ServedStatement statement) {
    new DirectCallDialogue(scene, relay, new ServedPortal(statement, BindMessage.EMPTY), this)
        .query();
  }

  /** Sends what executes a statement, and goes on with the next one, if there is one. */
  void executed(Exchange exchange) {
    exchange.closeStatement("");
    index++;
    if (index < script.size()) {
      before += script.charactersBefore(index);
      send(exchange, this::statement);
    } else {
      exchange
          .forClient(true)
          .sync()
          .send(scene.session(), scene.replies(), false, () -> {}, relay::queryFailed);
      relay.done();
    }
  }

  private void send(Exchange exchange, Runnable then) {
    exchange.send(scene.session(), scene.replies(), true, then, this::failed);
  }

  @Override
  public void failed() {
    relay.endQuery();
  }

  /** For what the statement is sent alone. */
  private Exchange.Mender statementMender() {
    int charactersBefore = before;
    return fields -> {
      ErrorPosition.move(fields, charactersBefore);
      mend(fields);
    };
  }

  private void mend(ErrorFields fields) {
    ErrorPosition.mend(fields, rewrite.statements());
  }
}
