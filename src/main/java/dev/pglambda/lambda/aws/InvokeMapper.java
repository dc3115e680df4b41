package dev.pglambda.lambda.aws;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.limits.MemoryAccount;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Base64;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.InvokeRequest;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;

/** Invocations and results in the types of the AWS SDK, without a copy of a payload if possible. */
final class InvokeMapper {
  private static final String TRACE_HEADER = "X-Amzn-Trace-Id";
  private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(1);

  private InvokeMapper() {}

  /** Signed by the identity, with what is left of the request time-out and the reply's account. */
  static InvokeRequest request(
      Invocation invocation, AwsCredentials identity, Duration timeout, MemoryAccount account) {
    String context = invocation.clientContext();
    return InvokeRequest.builder()
        .functionName(invocation.functionName())
        .invocationType(invocation.invocationType().apiName())
        .logType(invocation.logType().apiName())
        .qualifier(invocation.qualifier())
        .clientContext(
            context == null ? null : Base64.getEncoder().encodeToString(context.getBytes(UTF_8)))
        .payload(bytes(invocation.payload()))
        .overrideConfiguration(
            override -> {
              override
                  .putExecutionAttribute(ReplyAccount.ACCOUNT, account)
                  .apiCallTimeout(
                      timeout.compareTo(SHORTEST_TIMEOUT) < 0 ? SHORTEST_TIMEOUT : timeout)
                  .credentialsProvider(StaticCredentialsProvider.create(identity));
              if (invocation.traceHeader() != null) {
                override.putHeader(TRACE_HEADER, invocation.traceHeader());
              }
            })
        .build();
  }

  private static SdkBytes bytes(ByteBuffer payload) {
    boolean isWholeArray =
        payload.hasArray()
            && payload.arrayOffset() == 0
            && payload.position() == 0
            && payload.limit() == payload.array().length;
    return isWholeArray
        ? SdkBytes.fromByteArrayUnsafe(payload.array())
        : SdkBytes.fromByteBuffer(payload.duplicate());
  }

  static InvocationResult result(InvokeResponse response) {
    SdkBytes payload = response.payload();
    byte[] body = payload == null ? new byte[0] : payload.asByteArrayUnsafe();
    return new InvocationResult(
        response.statusCode(),
        body.length == 0 ? null : ByteBuffer.wrap(body),
        response.executedVersion(),
        response.logResult(),
        response.functionError());
  }
}
