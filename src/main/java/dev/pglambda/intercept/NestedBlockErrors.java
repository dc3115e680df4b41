package dev.pglambda.intercept;

import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.sql.NestedBlock;
import dev.pglambda.sql.Replacement;
import dev.pglambda.sql.TextFormat;
import dev.pglambda.sql.TextMarkers;
import dev.pglambda.sql.ViewReference;
import java.util.List;

/**
 * Gives an error or notice that has to do with a {@link NestedBlock} the fields that PostgreSQL
 * gives for the statement it stands for. All it needs is in the message, because the block may have
 * come out of a function that was created long ago.
 *
 * <p>CONTEXT is a call stack, the innermost call first. Where plpgsql runs the block:
 *
 * <pre>
 * PL/pgSQL function on_ddl() line 3 at RAISE                what the block set off: stays
 * SQL statement "/&#42; pglambda *&#47; CREATE .."
 * PL/pgSQL function inline_code_block line 77 at EXECUTE    the installer's block
 * SQL statement "DO ...                                     with its text
 * --pglambda PL/pgSQL function inline_code_block line 1 at SQL statement pglambda--"
 * PL/pgSQL function inline_code_block line 1 at EXECUTE     the nested block
 * SQL statement "DO $pglambda_do$DECLARE ..."               becomes SQL statement "CREATE EXTENSION ..."
 * PL/pgSQL function f() line 3 at DO                        becomes ... at SQL statement
 * </pre>
 *
 * <p>In an SQL function the last two are one, {@code SQL function "f" statement 1}, and stay. The
 * words can be of any language, except for {@code DO} and {@code EXECUTE}.
 */
public final class NestedBlockErrors {
  private static final String DO = "DO";
  private static final String EXECUTE = "EXECUTE";

  private final ErrorFields fields;
  private final String context;

  /** What stands in a frame instead of {@link #DO}. */
  private String statementWords = "SQL statement";

  /** What a frame has behind that. */
  private String afterWords = "";

  private NestedBlockErrors(ErrorFields fields, String context) {
    this.fields = fields;
    this.context = context;
  }

  /**
   * Restores the fields of an ErrorResponse or NoticeResponse in the client's encoding; true if
   * that changed any.
   */
  public static boolean restore(ErrorFields fields, ClientEncoding encoding) {
    boolean restored = restoreViews(fields, encoding);
    String context = fields.get(ErrorFields.CONTEXT);
    restored |= context != null && new NestedBlockErrors(fields, context).restoreContext();
    for (TextMarkers block : TextFormat.NESTED_BLOCKS) {
      restored |= restoreInternalQuery(fields, block, encoding);
    }
    return restored;
  }

  /**
   * Shows views where a sub-query of {@link ViewReference} stands for them. Up to 13 a message can
   * have a query.
   */
  private static boolean restoreViews(ErrorFields fields, ClientEncoding encoding) {
    boolean restored = false;
    for (TextMarkers view : TextFormat.VIEWS) {
      restored |= restoreInternalQuery(fields, view, encoding);
      for (char type : new char[] {ErrorFields.MESSAGE, ErrorFields.CONTEXT}) {
        String value = fields.get(type);
        if (value != null && value.contains(view.head())) {
          fields.with(type, view.originals(value));
          restored = true;
        }
      }
    }
    return restored;
  }

  private boolean restoreContext() {
    int lastLine = TextFormat.latestLastLine(context);
    if (lastLine < 0
        && TextFormat.NESTED_BLOCKS.stream().noneMatch(each -> context.contains(each.head()))) {
      return false;
    }
    String frames = context;
    if (lastLine >= 0) {
      int callerStart = nextLine(context, lastLine + 1);
      int callerEnd = lineEnd(context, callerStart);
      learnWords(
          context.substring(lastLine, callerStart), context.substring(callerStart, callerEnd));
      frames = context.substring(nextLine(context, callerStart));
    }
    for (TextMarkers each : TextFormat.NESTED_BLOCKS) {
      List<Replacement> blocks = each.find(frames);
      if (!blocks.isEmpty() && isInnermostFrame(frames, blocks.get(0).start())) {
        frames = withStatementWords(frames, blocks.get(0).end());
      }
      frames = each.originals(frames);
    }
    if (lastLine >= 0) {
      String called = WorkerContext.setOff(fields, context.substring(0, blockText(lastLine)));
      frames = called.isEmpty() || frames.isEmpty() ? called + frames : called + "\n" + frames;
    }
    fields.with(ErrorFields.CONTEXT, frames.isEmpty() ? null : frames);
    return true;
  }

  /** Where the first text of an installer's block is in front of an offset. */
  private int blockText(int before) {
    int start = context.indexOf(TextFormat.BLOCK_START);
    return start < 0 || start > before ? 0 : start;
  }

  /**
   * Learns the server's words from the line that has the frame at an SQL statement and the frame at
   * EXECUTE, which are alike but for what is at work there.
   */
  private void learnWords(String atStatement, String atExecute) {
    int start = atStatement.indexOf(' ') + 1;
    int end = atStatement.lastIndexOf(TextFormat.LAST_LINE_END);
    int words = atExecute.lastIndexOf(EXECUTE);
    if (end < start || words < 0) {
      return;
    }
    String frame = atStatement.substring(start, end);
    String suffix = atExecute.substring(words + EXECUTE.length());
    if (frame.length() >= words + suffix.length()
        && frame.startsWith(atExecute.substring(0, words))
        && frame.endsWith(suffix)) {
      statementWords = frame.substring(words, frame.length() - suffix.length());
      afterWords = suffix;
    }
  }

  /**
   * Whether a block is what the innermost frame executes, not a part of it: then nothing but words
   * and a quotation mark stands before it.
   */
  private static boolean isInnermostFrame(String frames, int block) {
    String before = frames.substring(0, block);
    return before.chars().noneMatch(c -> c == '\n' || c == '$' || c == '\'');
  }

  /** Restores the frame that follows the innermost one, whose block ends at an offset. */
  private String withStatementWords(String frames, int blockEnd) {
    int start = nextLine(frames, blockEnd);
    int end = lineEnd(frames, start);
    int atDo = end - (DO + afterWords).length();
    return start < end && frames.startsWith(DO + afterWords, atDo)
        ? frames.substring(0, atDo) + statementWords + afterWords + frames.substring(end)
        : frames;
  }

  /** The internal query is a query of a function's, or its body with a syntax error somewhere. */
  private static boolean restoreInternalQuery(
      ErrorFields fields, TextMarkers markers, ClientEncoding encoding) {
    String query = fields.get(ErrorFields.INTERNAL_QUERY);
    if (query == null || !query.contains(markers.head())) {
      return false;
    }
    List<Replacement> originals = markers.find(query);
    String original = Replacement.splice(query, originals);
    fields.with(ErrorFields.INTERNAL_QUERY, original);
    Integer position = ErrorPosition.parse(fields.get(ErrorFields.INTERNAL_POSITION));
    if (position != null) {
      int offset = Replacement.splicedOffset(encoding.offset(query, position - 1), originals);
      fields.with(
          ErrorFields.INTERNAL_POSITION,
          Integer.toString(
              encoding.characters(original, 0, Math.min(offset, original.length())) + 1));
    }
    return true;
  }

  private static int nextLine(String text, int from) {
    return Math.min(lineEnd(text, from) + 1, text.length());
  }

  private static int lineEnd(String text, int from) {
    int end = text.indexOf('\n', from);
    return end < 0 ? text.length() : end;
  }
}
