package dev.pglambda.intercept;

import dev.pglambda.protocol.ErrorFields;

/** TODO after the extension scripts. */
public final class CallContext {
  private CallContext() {}

  public static boolean remove(ErrorFields fields, boolean rewritten) {
    return false;
  }
}
