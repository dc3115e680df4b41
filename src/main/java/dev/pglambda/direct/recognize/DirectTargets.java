package dev.pglambda.direct.recognize;

import dev.pglambda.direct.recognize.DirectCall.Position;
import dev.pglambda.direct.recognize.DirectStatement.Condition;
import dev.pglambda.sql.ExtensionCall;
import dev.pglambda.sql.ExtensionCall.Function;
import dev.pglambda.sql.ReservedWords;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the calls that are items of the target list of a SELECT without FROM (gram.y, {@code
 * target_el}), which has one row, or none.
 */
final class DirectTargets {
  private static final String STAR = "*";
  private static final Set<String> FIELDS =
      Set.of("status_code", "payload", "executed_version", "log_result", STAR);

  /** What may follow the target list. */
  private static final Set<String> TAIL = Set.of("where", "limit", "fetch");

  private static final Set<String> BEHIND_CONDITION = Set.of("limit", "fetch");

  /**
   * Clauses that such a statement does not have, but for FROM. (A row that OFFSET takes away is
   * made before.)
   */
  private static final Set<String> OTHER_CLAUSES =
      ReservedWords.words("into group having window order offset union intersect except for");

  /** Behind an expression these are not its alias. */
  private static final Set<String> NO_ALIAS =
      Set.of("isnull", "notnull", "over", "filter", "within");

  private final TopLevelCursor cursor;
  private final DirectArguments arguments;
  private final List<DirectCall> found = new ArrayList<>();
  private int tail;
  private @Nullable Condition condition;

  /** The cursor is before the statement's first token. */
  DirectTargets(TopLevelCursor cursor, DirectArguments arguments) {
    this.cursor = cursor;
    this.arguments = arguments;
  }

  /** The calls in order; none if the statement is of another kind. */
  List<DirectCall> find() {
    cursor.next();
    if (!cursor.take("select") || cursor.isWord("distinct")) {
      return List.of();
    }
    cursor.take("all");
    do {
      if (!item()) {
        return List.of();
      }
    } while (cursor.take(','));
    tail = cursor.previousEnd();
    return rest() ? found : List.of();
  }

  /** Offset just past the target list, once the calls have been found. */
  int tail() {
    return tail;
  }

  /** The condition of the WHERE that follows; null if there is none. */
  @Nullable Condition condition() {
    return condition;
  }

  /**
   * Takes one item. One that is no call must not call other functions: they would be called in
   * another order, and for one that returns a set PostgreSQL calls each item once for each row.
   */
  private boolean item() {
    int start = cursor.start();
    DirectCall call = call();
    if (call != null) {
      found.add(call);
    }
    while (!endsItem()) {
      if (isOtherClause()) {
        return false;
      }
      cursor.next();
    }
    return call != null || !arguments.callFunctions(start, cursor.previousEnd());
  }

  private boolean endsItem() {
    return cursor.atEnd() || cursor.is(',') || cursor.isKeyword(TAIL);
  }

  private boolean isOtherClause() {
    return cursor.isFrom() || cursor.isKeyword(OTHER_CLAUSES);
  }

  /** Takes an item's beginning: a call, with all that belongs to it; null if it is none. */
  private @Nullable DirectCall call() {
    ExtensionCall call = cursor.call();
    boolean selectable = call == null && cursor.isParentheses();
    if (selectable) {
      call = arguments.onlyCall(cursor.start(), cursor.end());
    }
    if (call == null || !arguments.areExpressions(call)) {
      return null;
    }
    int start = cursor.start();
    cursor.next();
    String field = null;
    if (selectable && cursor.take('.')) {
      field = cursor.is('*') ? STAR : cursor.identifier();
      cursor.next();
      if (field == null || !FIELDS.contains(field)) {
        return null;
      }
    }
    return direct(call, start, field);
  }

  /** Takes the alias behind a call, and what else ends the item. */
  private @Nullable DirectCall direct(ExtensionCall call, int start, @Nullable String field) {
    int end = cursor.previousEnd();
    boolean named = cursor.take("as") || isAlias();
    // PostgreSQL takes an alias behind a star, and forgets it.
    if (named && (STAR.equals(field) || !cursor.takeName())) {
      return null;
    }
    boolean invoke = call.function() == Function.INVOKE;
    if (!endsItem() || (field != null && !invoke)) {
      return null;
    }
    ExtensionCall arn = invoke ? arguments.arn(call) : null;
    return new DirectCall(Position.TARGET, call, start, end, field, named, arn);
  }

  private boolean isAlias() {
    return cursor.isIdentifier() && !endsItem() && !isOtherClause() && !cursor.isKeyword(NO_ALIAS);
  }

  /** Takes what follows the target list. */
  private boolean rest() {
    if (cursor.take("where")) {
      int start = cursor.start();
      if (skip(BEHIND_CONDITION) && cursor.previousEnd() > start) {
        condition = new Condition(start, cursor.previousEnd());
      }
    }
    return skip(Set.of()) && !cursor.isBroken();
  }

  /** Moves to the first of some key words, or to the end; false if another clause comes before. */
  private boolean skip(Set<String> upTo) {
    while (!cursor.atEnd() && !cursor.isKeyword(upTo)) {
      if (isOtherClause()) {
        return false;
      }
      cursor.next();
    }
    return true;
  }
}
