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
   * @param text SQL text, one {@code char} per byte
   * @param standardConformingStrings the session's standard_conforming_strings
   * @return the recognised statements in order, none overlapping another; what PostgreSQL would
   *     answer with a syntax error has none
   */
  public static List<NestedStatement> find(String text, boolean standardConformingStrings) {
    List<NestedStatement> found = new ArrayList<>();
    for (Body body : NestedBodies.find(text, standardConformingStrings)) {
      for (BodyStatement statement : body.statements()) {
        NestedStatement nested = recognise(body.source(), statement, standardConformingStrings);
        if (nested != null) {
          found.add(nested);
        }
      }
    }
    found.sort(Comparator.comparingInt(NestedStatement::start));
    return List.copyOf(found);
  }

  private static @Nullable NestedStatement recognise(
      MappedText source, BodyStatement written, boolean standardConformingStrings) {
    Statement statement = written.statement();
    ExtensionStatement recognised =
        ExtensionStatements.recognise(source.text(), 0, statement, standardConformingStrings);
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
