package dev.pglambda.lambda;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;

/** How long the Lambda service lets a request and a reply be, for functions that are not in AWS. */
public final class ServiceLimits {
  /** Largest payload of a synchronous invocation, in bytes. */
  private static final int MAX_PAYLOAD_BYTES = 6 << 20;

  /** Largest payload of an Event, in bytes. */
  private static final int MAX_EVENT_BYTES = 1 << 20;

  /** Longest client context, in base64. */
  private static final int MAX_CONTEXT_BYTES = 3583;

  /** Largest reply, in bytes. */
  public static final int MAX_REPLY_BYTES = MAX_PAYLOAD_BYTES + 100;

  private static final String REPLY_TOO_LARGE =
      "{\"errorMessage\":\"Response payload size exceeded maximum allowed payload size (%d"
          + " bytes).\",\"errorType\":\"Function.ResponseSizeTooLarge\"}";

  private ServiceLimits() {}

  /** Refuses a request that is too long, in the service's words. */
  public static void check(Invocation invocation) throws InvocationException {
    int limit = maxPayloadBytes(invocation.invocationType());
    if (invocation.payload().remaining() > limit) {
      throw ServiceErrors.payloadTooLarge(limit);
    }
    String context = invocation.clientContext();
    if (context != null && (context.getBytes(UTF_8).length + 2) / 3 * 4 > MAX_CONTEXT_BYTES) {
      throw ServiceErrors.refused(
          "Client context must be no more than %d bytes.".formatted(MAX_CONTEXT_BYTES));
    }
  }

  /** Of the request, in bytes. */
  public static int maxPayloadBytes(InvocationType type) {
    return type == InvocationType.EVENT ? MAX_EVENT_BYTES : MAX_PAYLOAD_BYTES;
  }

  /** The payload that the caller of a function gets whose reply is too long. */
  public static ByteBuffer replyTooLarge() {
    return ByteBuffer.wrap(REPLY_TOO_LARGE.formatted(MAX_REPLY_BYTES).getBytes(UTF_8));
  }
}
