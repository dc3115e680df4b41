package dev.pglambda.intercept;

import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.sql.TextFormat;

/**
 * Takes the proxy's own lines out of the CONTEXT of errors and notices, so that a user sees what
 * RDS shows: CONTEXT is a call stack, the innermost call first, and our worker stands between
 * {@code SQL function "invoke"}, which RDS shows, and the innermost call. Frames are known by the
 * worker's signature, not by words that the server may translate.
 */
public final class WorkerContext {
  private WorkerContext() {}

  /** Whether an error, as the server has sent it, was raised in the worker. */
  public static boolean isOfWorker(ErrorFields fields) {
    String context = fields.get(ErrorFields.CONTEXT);
    return context != null && context.contains(TextFormat.WORKER);
  }

  /**
   * Removes the proxy's lines from an ErrorResponse or NoticeResponse; true if there were any.
   * Where a statement was sent as a block of the proxy's, all of its context is the proxy's, but
   * for what an event trigger's function did that the block set off.
   */
  public static boolean remove(ErrorFields fields, boolean rewritten) {
    String context = fields.get(ErrorFields.CONTEXT);
    if (context == null) {
      return false;
    }
    if (rewritten) {
      String called = setOff(fields, context);
      fields.with(ErrorFields.CONTEXT, called.isEmpty() ? null : called);
      return true;
    }
    int worker = context.indexOf(TextFormat.WORKER);
    if (worker < 0) {
      return false;
    }
    int end = context.indexOf('\n', worker);
    fields.with(ErrorFields.CONTEXT, end < 0 ? null : context.substring(end + 1));
    return true;
  }

  /**
   * What an event trigger's function did that a block of the proxy's set off: the frames above the
   * block's first one, empty if there are none. The internal query and its position are removed
   * from the fields if they are the block's.
   *
   * @param context the frames from the innermost one to the block's
   */
  static String setOff(ErrorFields fields, String context) {
    int marked = context.lastIndexOf('\n', TextFormat.firstMark(context));
    String query = fields.get(ErrorFields.INTERNAL_QUERY);
    if (marked < 0 || (query != null && TextFormat.firstMark(query) == 0)) {
      fields.with(ErrorFields.INTERNAL_QUERY, null).with(ErrorFields.INTERNAL_POSITION, null);
    }
    return marked < 0 ? "" : context.substring(0, marked);
  }
}
