package dev.pglambda.lambda.local;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a process gets for one invocation.
 *
 * @param requestId a UUID
 * @param invokedArn ARN with the qualifier that the caller gave, if any
 * @param clientContext JSON, or null
 * @param payload JSON; not modified
 */
record RuntimeEvent(
    String requestId, String invokedArn, @Nullable String clientContext, ByteBuffer payload) {

  /** The client context as a header can carry it: the same JSON on one line, in ASCII. */
  @Nullable String clientContextHeader() {
    if (clientContext == null) {
      return null;
    }
    StringBuilder header = new StringBuilder(clientContext.length());
    for (int i = 0; i < clientContext.length(); i++) {
      char each = clientContext.charAt(i);
      if (each < ' ') {
        header.append(' ');
      } else if (each > '~') {
        header.append("\\u%04x".formatted((int) each));
      } else {
        header.append(each);
      }
    }
    return header.toString();
  }
}
