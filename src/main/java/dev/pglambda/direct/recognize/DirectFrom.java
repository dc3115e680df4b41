package dev.pglambda.direct.recognize;

import dev.pglambda.direct.recognize.DirectCall.Position;
import dev.pglambda.sql.ExtensionCall;
import dev.pglambda.sql.ExtensionCall.Function;
import dev.pglambda.sql.ReservedWords;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the call of {@code aws_lambda.invoke} that is the first item of the top-level FROM of a
 * SELECT, an INSERT .. SELECT or a CREATE TABLE .. AS SELECT (gram.y, {@code simple_select}, {@code
 * func_table}).
 */
final class DirectFrom {
  private static final Set<String> SET_OPERATIONS = Set.of("union", "intersect", "except");

  /** What may follow the first item of FROM, but for a comma and, in CREATE TABLE, WITH. */
  private static final Set<String> BEHIND_ITEM =
      ReservedWords.words(
          """
          cross except fetch for full group having inner intersect join left limit natural offset
          on order returning right union where window
          """);

  private final TopLevelCursor cursor;
  private final DirectArguments arguments;
  private boolean commonTables;
  private boolean createsTable;

  /** The cursor is before the statement's first token. */
  DirectFrom(TopLevelCursor cursor, DirectArguments arguments) {
    this.cursor = cursor;
    this.arguments = arguments;
  }

  /** The call; null if the statement has none in this position, or is of another kind. */
  @Nullable DirectCall find() {
    cursor.next();
    if (!toSelect() || !toFirstItem()) {
      return null;
    }
    ExtensionCall call = cursor.call();
    if (call == null
        || call.function() != Function.INVOKE
        || !arguments.areExpressions(call)
        || (commonTables && arguments.mayHaveSubQuery(call))) {
      return null;
    }
    cursor.next();
    boolean named = cursor.isWord("as") || cursor.isColumnName();
    if ((named && !alias()) || !isComplete()) {
      return null;
    }
    return new DirectCall(
        Position.FROM, call, call.start(), call.end(), null, named, arguments.arn(call));
  }

  /** Moves to the SELECT of the statement. */
  private boolean toSelect() {
    commonTables = cursor.take("with");
    if (commonTables && !commonTables()) {
      return false;
    }
    if (!commonTables && cursor.take("create")) {
      createsTable = true;
      return table() && cursor.isWord("select");
    }
    return (!cursor.take("insert") || insert()) && cursor.isWord("select");
  }

  /** {@code cte_list}, without SEARCH and CYCLE. */
  private boolean commonTables() {
    cursor.take("recursive");
    do {
      if (!cursor.takeName()) {
        return false;
      }
      cursor.takeParentheses();
      if (!cursor.take("as")) {
        return false;
      }
      cursor.take("not");
      cursor.take("materialized");
      if (!cursor.takeParentheses()) {
        return false;
      }
    } while (cursor.take(','));
    return true;
  }

  /** {@code InsertStmt} behind INSERT, up to its query. */
  private boolean insert() {
    if (!cursor.take("into")) {
      return false;
    }
    do {
      if (!cursor.takeName()) {
        return false;
      }
    } while (cursor.take('.'));
    if (cursor.take("as") && !cursor.takeName()) {
      return false;
    }
    cursor.takeParentheses();
    return !cursor.take("overriding")
        || ((cursor.take("user") || cursor.take("system")) && cursor.take("value"));
  }

  /** {@code CreateAsStmt} behind CREATE, up to its query. */
  private boolean table() {
    if (!cursor.take("global")) {
      cursor.take("local");
    }
    if (!cursor.take("temp") && !cursor.take("temporary")) {
      cursor.take("unlogged");
    }
    // IF may be the table's name.
    if (!cursor.take("table") || (cursor.take("if") && cursor.isWord("not"))) {
      return false;
    }
    cursor.skipTo(Set.of("as"));
    return cursor.take("as");
  }

  /** Moves from SELECT to the first item of its FROM. */
  private boolean toFirstItem() {
    while (!cursor.isFrom()) {
      if (cursor.atEnd() || cursor.isKeyword(SET_OPERATIONS)) {
        return false;
      }
      cursor.next();
    }
    cursor.next();
    cursor.take("lateral");
    return true;
  }

  /** {@code alias_clause}: a list of columns with their types is for other functions. */
  private boolean alias() {
    cursor.take("as");
    if (!cursor.isColumnName()) {
      return false;
    }
    cursor.next();
    return !cursor.isParentheses()
        || (arguments.areNames(cursor.start() + 1, cursor.end() - 1) && cursor.takeParentheses());
  }

  /** Whether what follows the item is the rest of such a statement. */
  private boolean isComplete() {
    if (createsTable && cursor.isKeyword("with")) {
      cursor.next();
      if (!cursor.isWord("data") && !cursor.isWord("no")) {
        return false;
      }
    } else if (!cursor.atEnd() && !cursor.is(',') && !cursor.isKeyword(BEHIND_ITEM)) {
      return false;
    }
    while (!cursor.atEnd()) {
      if (cursor.is('0') && cursor.isBehind("limit")) {
        return false; // nothing is called then
      }
      cursor.next();
    }
    return !cursor.isBroken() && !(createsTable && cursor.isBehind("with", "no", "data"));
  }
}
