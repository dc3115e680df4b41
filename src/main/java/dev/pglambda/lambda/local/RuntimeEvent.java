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
 * @param traceHeader of the trace that the call belongs to; null: of a new one
 */
record RuntimeEvent(
    String requestId,
    String invokedArn,
    @Nullable String clientContext,
    ByteBuffer payload,
    @Nullable String traceHeader) {

  /** The trace as X-Ray's header names it; a new one is not sampled. */
  String traceId() {
    if (traceHeader != null) {
      return traceHeader;
    }
    String hex = requestId.replace("-", "");
    return "Root=1-%s-%s;Parent=%s;Sampled=0"
        .formatted(hex.substring(0, 8), hex.substring(8), hex.substring(0, 16));
  }

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
