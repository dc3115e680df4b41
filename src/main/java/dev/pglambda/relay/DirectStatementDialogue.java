package dev.pglambda.relay;

import dev.pglambda.intercept.ClientEncoding;
import dev.pglambda.intercept.ErrorPosition;
import dev.pglambda.intercept.Rewrite;
import dev.pglambda.intercept.direct.DirectAnalysis;
import dev.pglambda.intercept.direct.DirectCandidate;
import dev.pglambda.intercept.direct.DirectPlan;
import dev.pglambda.intercept.direct.Schemas;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.relay.DirectRelay.Scene;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * In place of a Parse, or before the execution of a Query, of a statement whose calls the proxy may
 * serve:
 *
 * <pre>
 *   is it installed? ──► yes, and the functions can do it, or no, and the role is not trusted:
 *     │                  the message passes
 *     │ no
 *   what are the types of the arguments? ──► which overloads? ──► none: the error is raised
 *     │
 *   Parse and Describe of the rewritten statement
 * </pre>
 *
 * Nothing is executed in it, and no Lambda is called.
 */
final class DirectStatementDialogue {
  private final Scene scene;
  private final Owner owner;
  private final Rewrite rewrite;
  private final DirectCandidate candidate;
  private final String name;
  private final List<Integer> declaredTypes;
  private final boolean isParse;

  /** What goes on with the statement. */
  interface Owner {
    /** It is prepared. */
    void prepared(ServedStatement statement);

    /**
     * The server can do it itself.
     *
     * @param installed whether because the extension is installed
     */
    void passes(boolean installed);

    /** An error went to the client. */
    void failed();
  }

  /**
   * @param name of the prepared statement; empty for a Query, whose unnamed statement it takes, too
   * @param declaredTypes object ids of types that the client declares for its parameters
   * @param isParse whether the client waits for a ParseComplete
   */
  DirectStatementDialogue(
      Scene scene,
      Owner owner,
      Rewrite rewrite,
      DirectCandidate candidate,
      String name,
      List<Integer> declaredTypes,
      boolean isParse) {
    this.scene = scene;
    this.owner = owner;
    this.rewrite = rewrite;
    this.candidate = candidate;
    this.name = name;
    this.declaredTypes = declaredTypes;
    this.isParse = isParse;
  }

  void start() {
    Exchange asked = scene.exchange();
    if (isParse && name.isEmpty()) {
      // Whatever becomes of the Parse, there is no other unnamed statement behind it.
      asked.closeStatement(name);
      scene.prepared().forgetStatement(name);
    }
    asked.query(scene.calls().schemasQuery(), List.of(), List.of(), true);
    send(
        asked,
        () -> {
          Schemas schemas = Schemas.read(asked.rows().get(0));
          CallbackTrialDialogue.start(scene, schemas, () -> schemasKnown(schemas), owner::failed);
        });
  }

  private void schemasKnown(Schemas schemas) {
    scene.state().trusted(schemas.trusted());
    if (scene.calls().areLeftToServer(schemas)) {
      owner.passes(true);
    } else if (candidate.invokes() ? !schemas.lambda() && !schemas.trusted() : schemas.commons()) {
      owner.passes(false); // the server has the right answer
    } else if (schemas.lambda()) {
      // Then the server itself knows whether the calls are right and allowed.
      send(
          scene
              .exchange()
              .quiet(true)
              .mending(this::mend)
              .parseOwn(candidate.text(), declaredTypes)
              .closeStatement(Exchange.OWN_NAME),
          () -> analyse(schemas));
    } else {
      analyse(schemas);
    }
  }

  private void analyse(Schemas schemas) {
    DirectAnalysis analysis = new DirectAnalysis(candidate, schemas, declaredTypes);
    String types = analysis.argumentTypesQuery();
    if (types == null) {
      resolve(analysis, List.of(), List.of());
      return;
    }
    Exchange described =
        scene
            .exchange()
            .quiet(true)
            .mending(this::mend)
            .parseOwn(types, analysis.argumentParameterTypes())
            .describeStatement(Exchange.OWN_NAME)
            .closeStatement(Exchange.OWN_NAME);
    send(described, () -> typesKnown(analysis, described.columnTypes()));
  }

  private void typesKnown(DirectAnalysis analysis, List<Integer> columnTypes) {
    String asked = analysis.askedTypes(columnTypes);
    if (asked == null) {
      resolve(analysis, columnTypes, List.of());
      return;
    }
    List<byte @Nullable []> parameters = List.of(asked.getBytes(StandardCharsets.US_ASCII));
    Exchange types =
        scene.exchange().query(DirectAnalysis.TYPE_QUERY, List.of(), parameters, false);
    send(types, () -> resolve(analysis, columnTypes, types.rows()));
  }

  private void resolve(
      DirectAnalysis analysis, List<Integer> columnTypes, List<List<byte @Nullable []>> rows) {
    List<List<@Nullable String>> texts = new ArrayList<>();
    Charset charset =
        scene.state().encoding() == ClientEncoding.UTF8
            ? StandardCharsets.UTF_8
            : StandardCharsets.ISO_8859_1;
    for (List<byte @Nullable []> row : rows) {
      List<@Nullable String> columns = new ArrayList<>();
      row.forEach(value -> columns.add(value == null ? null : new String(value, charset)));
      texts.add(columns);
    }
    DirectAnalysis.Outcome outcome = analysis.resolve(columnTypes, texts);
    if (outcome instanceof DirectAnalysis.Refused refused) {
      send(
          scene
              .exchange()
              .mending(fields -> refuse(fields, refused.position()))
              .query(refused.raiseBlock(), List.of(), List.of(), false),
          () -> {});
    } else if (outcome instanceof DirectAnalysis.Planned planned) {
      prepare(planned.plan());
    }
  }

  private void prepare(DirectPlan plan) {
    ServedStatement unprepared = served(plan, List.of());
    DirectPlan.Text unconditioned = plan.unconditioned();
    Exchange prepared = scene.exchange().needs(unprepared.octets());
    if (unconditioned != null) {
      prepared
          .quiet(true)
          .mending(fields -> unprepared.mend(fields, unconditioned.rewritten()))
          .parseOwn(unconditioned.text(), plan.parameterTypes(declaredTypes))
          .closeStatement(Exchange.OWN_NAME)
          .quiet(false);
    }
    prepared
        .mending(unprepared::mend)
        .forClient(isParse)
        .parse(name, plan.text(), plan.parameterTypes(declaredTypes))
        .forClient(false)
        .describeStatement(name);
    send(prepared, () -> prepared(plan, prepared.parameterTypes()));
  }

  private void prepared(DirectPlan plan, List<Integer> types) {
    owner.prepared(served(plan, types.subList(0, plan.clientParameters())));
  }

  private ServedStatement served(DirectPlan plan, List<Integer> types) {
    return new ServedStatement(plan, candidate.before(), rewrite.statements(), types);
  }

  private void send(Exchange exchange, Runnable then) {
    exchange.send(scene.session(), scene.replies(), true, then, owner::failed);
  }

  private void mend(ErrorFields fields) {
    ErrorPosition.move(fields, candidate.before());
    ErrorPosition.mend(fields, rewrite.statements());
  }

  private void refuse(ErrorFields fields, int position) {
    fields.with(ErrorFields.CONTEXT, null);
    fields.with(ErrorFields.POSITION, Integer.toString(position));
    mend(fields);
  }
}
