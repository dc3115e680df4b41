package dev.pglambda.intercept;

import dev.pglambda.protocol.ErrorFields;

/**
 * Takes the proxy's own lines out of the CONTEXT of errors and notices, so that a user sees what
 * RDS shows: CONTEXT is a call stack, the innermost call first, and our worker stands between
 * {@code SQL function "invoke"}, which RDS shows, and the innermost call. Frames are known by the
 * worker's signature, not by words that the server may translate.
 */
public final class CallContext {
  /** The worker as PostgreSQL prints it ({@code regprocedure}); the script defines it. */
  static final String WORKER = "pglambda.invoke(text,text,text,text,text,text,text,text,text)";

  private CallContext() {}

  /**
   * Removes our lines.
   *
   * @param fields of an ErrorResponse or NoticeResponse; changed in place
   * @param rewritten whether it answers a statement that was sent as a block of ours: then all of
   *     its context is ours
   * @return whether anything changed
   */
  public static boolean remove(ErrorFields fields, boolean rewritten) {
    String context = fields.get(ErrorFields.CONTEXT);
    if (context == null) {
      return false;
    }
    if (rewritten) {
      fields
          .with(ErrorFields.CONTEXT, null)
          .with(ErrorFields.INTERNAL_QUERY, null)
          .with(ErrorFields.INTERNAL_POSITION, null);
      return true;
    }
    int worker = context.indexOf(WORKER);
    if (worker < 0) {
      return false;
    }
    int end = context.indexOf('\n', worker);
    fields.with(ErrorFields.CONTEXT, end < 0 ? null : context.substring(end + 1));
    return true;
  }
}
