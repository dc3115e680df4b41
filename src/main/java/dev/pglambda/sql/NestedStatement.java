package dev.pglambda.sql;

import dev.pglambda.sql.NestedBodies.Body;
import dev.pglambda.sql.NestedBodies.BodyStatement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A statement on our extensions within a string constant: in the body of a {@code DO} block, a
 * function or a procedure, or in a constant that a body executes.
 *
 * @param statement what was recognised; its offsets and index are of no use
 * @param text the statement as PostgreSQL is going to read it, without a closing semicolon
 * @param written the same, with the comments behind it that belong to it
 * @param start offset in the client's text of the first character that the statement is written
 *     with
 * @param end offset in the client's text just past the last one; in a body in plpgsql, comments
 *     behind the statement are part of it
 */
public record NestedStatement(
    ExtensionStatement statement, String text, String written, int start, int end) {

  /**
   * The statements in the string constants of a text that PostgreSQL is going to execute (see
   * {@link NestedBodies}), in order, none overlapping another.
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
