package dev.pglambda.sql;

import dev.pglambda.sql.NestedBodies.Body;
import dev.pglambda.sql.NestedBodies.BodyStatement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the statements of {@link ExtensionStatements} in string constants that PostgreSQL is going
 * to execute (see {@link NestedBodies}).
 */
public final class NestedStatements {
  private NestedStatements() {}

  /**
   * Finds the statements within the string constants of a text; those at its top level are not
   * among them.
   *
   * @return the recognised statements in order, none overlapping another; what PostgreSQL would
   *     answer with a syntax error has none
   */
  public static List<NestedStatement> find(SqlText text) {
    List<NestedStatement> found = new ArrayList<>();
    for (Body body : text.bodies()) {
      for (BodyStatement statement : body.statements()) {
        NestedStatement nested = recognise(body.source(), statement);
        if (nested != null) {
          found.add(nested);
        }
      }
    }
    found.sort(Comparator.comparingInt(NestedStatement::start));
    return List.copyOf(found);
  }

  private static @Nullable NestedStatement recognise(MappedText source, BodyStatement written) {
    Statement statement = written.statement();
    ExtensionStatement recognised = ExtensionStatements.recognise(source.text(), 0, statement);
    if (recognised == null) {
      return null;
    }
    String text = source.text().substring(statement.start(), statement.end());
    String all = source.text().substring(statement.start(), written.writtenEnd());
    return all.indexOf(LiteralDecoder.UNKNOWN) < 0 && !source.goesOnFrom(statement.start())
        ? new NestedStatement(
            recognised,
            text,
            all,
            source.start(statement.start()),
            source.end(written.writtenEnd()))
        : null;
  }
}
