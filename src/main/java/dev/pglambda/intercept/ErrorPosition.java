package dev.pglambda.intercept;

import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.protocol.ErrorFields;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns the position of an error in a rewritten text into the one in the client's text. PostgreSQL
 * counts it in characters from 1 (manual, "Error and Notice Message Fields").
 */
public final class ErrorPosition {
  private ErrorPosition() {}

  /**
   * Restores the field of an ErrorResponse or NoticeResponse, in whose text these spans, by
   * ascending position, were replaced; true if that changed it. A position inside of a replacement
   * becomes the start of what was replaced.
   */
  public static boolean restore(ErrorFields fields, @Nullable List<ReplacedSpan> statements) {
    Integer reported = parse(fields.get(ErrorFields.POSITION));
    if (reported == null || statements == null || statements.isEmpty()) {
      return false;
    }
    int original = original(reported - 1, statements) + 1;
    fields.with(ErrorFields.POSITION, Integer.toString(original));
    return original != reported;
  }

  /** Moves the position of an error in a part of a text, before which so many characters stand. */
  public static void move(ErrorFields fields, int before) {
    Integer reported = parse(fields.get(ErrorFields.POSITION));
    if (reported != null) {
      fields.with(ErrorFields.POSITION, Integer.toString(reported + before));
    }
  }

  /** The value of a position field; null if it is absent or no number. */
  static @Nullable Integer parse(@Nullable String position) {
    try {
      return position == null ? null : Integer.valueOf(position);
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** The offset in the original text, given the one in the rewritten text. */
  static int original(int offset, List<ReplacedSpan> statements) {
    int moved = 0;
    for (ReplacedSpan statement : statements) {
      int start = statement.start() + moved;
      if (offset < start) {
        break;
      }
      if (offset < start + statement.length()) {
        return statement.start();
      }
      moved += statement.length() - (statement.end() - statement.start());
    }
    return offset - moved;
  }
}
