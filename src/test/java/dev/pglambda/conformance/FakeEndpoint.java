package dev.pglambda.conformance;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.ReceivedRequest;
import dev.pglambda.testing.Reply;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A {@link FakeLambdaEndpoint} that does what case files say. Not for several threads. */
final class FakeEndpoint implements LambdaEndpoint {
  private static final String EXECUTED_VERSION = "X-Amz-Executed-Version";

  private final FakeLambdaEndpoint endpoint;
  private int taken;

  /**
   * @param endpoint not closed by this class
   */
  FakeEndpoint(FakeLambdaEndpoint endpoint) {
    this.endpoint = endpoint;
  }

  @Override
  public void reset() {
    endpoint.forgetReplies();
    taken = endpoint.requests().size();
  }

  @Override
  public void answer(String functionName, LambdaAnswer answer) {
    Reply reply = reply(answer);
    if (answer.log() != null) {
      reply = reply.withLog(answer.log());
    }
    endpoint.on(functionName, reply.after(Duration.ofMillis(answer.delayMillis())));
  }

  private static Reply reply(LambdaAnswer answer) {
    return switch (answer.kind()) {
      case ECHO -> executed(Reply.echo(), answer);
      case REPLY -> executed(Reply.json(answer.body()), answer);
      case FUNCTION_ERROR ->
          executed(Reply.functionError(answer.body()), answer)
              .withHeader("X-Amz-Function-Error", answer.errorType());
      case SERVICE_ERROR -> Reply.apiError(answer.httpStatus(), answer.errorType(), answer.body());
      case HANG -> Reply.echo().held();
      case DISCONNECT -> Reply.close();
    };
  }

  private static Reply executed(Reply reply, LambdaAnswer answer) {
    String version = answer.executedVersion();
    return version == null
        ? reply.withoutHeader(EXECUTED_VERSION)
        : reply.withHeader(EXECUTED_VERSION, version);
  }

  @Override
  public List<LambdaRequest> takeRequests() {
    List<ReceivedRequest> all = endpoint.requests();
    List<LambdaRequest> requests =
        all.subList(taken, all.size()).stream().map(FakeEndpoint::request).toList();
    taken = all.size();
    return requests;
  }

  private static LambdaRequest request(ReceivedRequest request) {
    return new LambdaRequest(
        request.functionName(),
        String.valueOf(request.header("X-Amz-Invocation-Type")),
        request.header("X-Amz-Log-Type"),
        request.qualifier(),
        decoded(request.header("X-Amz-Client-Context")),
        request.signingRegion(),
        request.text());
  }

  private static @Nullable String decoded(@Nullable String base64) {
    return base64 == null
        ? null
        : new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
  }
}
