package dev.pglambda.lambda.canned;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.pglambda.lambda.ExecutionLog;
import dev.pglambda.lambda.FunctionReference;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.ServiceErrors;
import dev.pglambda.lambda.ServiceLimits;
import dev.pglambda.lambda.policy.IamRole;
import dev.pglambda.lambda.policy.Policies;
import dev.pglambda.lambda.route.CannedReply;
import dev.pglambda.lambda.route.CannedReply.Case;
import dev.pglambda.lambda.route.CannedReply.Response;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Answers with canned replies, as the service would if a function gave them. A dry run uses none;
 * an event uses one that says how its function ends, unless it is an error of the API. Safe for use
 * by many threads.
 */
public final class CannedInvoker implements LambdaInvoker {
  private final List<Sequence> sequences;
  private final WaitingCalls waiting;

  /**
   * @param reply what to answer
   * @param scheduler for delays; nothing that runs on it blocks. Not shut down by this class
   */
  public CannedInvoker(CannedReply reply, ScheduledExecutorService scheduler) {
    this.sequences = reply.cases().stream().map(Sequence::new).toList();
    this.waiting = new WaitingCalls(scheduler);
  }

  /** The replies of a case, and how many of them were used. */
  private record Sequence(Case replies, AtomicInteger used) {
    Sequence(Case replies) {
      this(replies, new AtomicInteger());
    }

    boolean isFor(CannedRequest request) {
      return replies.contains() == null || request.contains(replies.contains());
    }

    Response next() {
      int last = replies.replies().size() - 1;
      return replies.replies().get(used.getAndUpdate(count -> Math.min(count + 1, last)));
    }
  }

  @Override
  public CompletableFuture<InvocationResult> invoke(Invocation invocation) {
    try {
      FunctionReference function = FunctionReference.of(invocation);
      ServiceLimits.check(invocation);
      if (invocation.invocationType() == InvocationType.DRY_RUN) {
        return CompletableFuture.completedFuture(InvocationResult.ofStatus(204));
      }
      CannedRequest request = CannedRequest.of(function, invocation);
      Response reply = next(request);
      boolean event = invocation.invocationType() == InvocationType.EVENT;
      // Made before the wait, in which the request as a tree would take many times its length.
      CompletableFuture<InvocationResult> answer = answer(invocation, request, reply);
      return waiting.after(event ? Duration.ZERO : reply.delay(), invocation, unused -> answer);
    } catch (InvocationException refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }

  private Response next(CannedRequest request) throws InvocationException {
    return sequences.stream()
        .filter(sequence -> sequence.isFor(request))
        .findFirst()
        .orElseThrow(
            () ->
                ServiceErrors.refused(
                    "The canned reply of \"%s\" has no case for this payload"
                        .formatted(request.function().name())))
        .next();
  }

  private static CompletableFuture<InvocationResult> answer(
      Invocation invocation, CannedRequest request, Response reply) {
    JsonNode payload =
        reply.payload() == null ? MissingNode.getInstance() : request.fill(reply.payload());
    if (reply.status() >= 400) {
      return CompletableFuture.failedFuture(refusal(invocation, request, reply.status(), payload));
    }
    String version = request.function().anyVersion();
    ByteBuffer bytes = bytes(payload);
    boolean tooLarge = bytes != null && bytes.remaining() > ServiceLimits.MAX_REPLY_BYTES;
    CompletableFuture<InvocationResult> run =
        CompletableFuture.completedFuture(
            new InvocationResult(
                reply.status(),
                tooLarge ? ServiceLimits.replyTooLarge() : bytes,
                version,
                invocation.wantsLog() ? log(request.id(), version, reply) : null,
                tooLarge ? "Unhandled" : reply.functionError()));
    return invocation.invocationType() == InvocationType.EVENT
        ? CompletableFuture.completedFuture(InvocationResult.ofEvent(run))
        : run;
  }

  private static InvocationException refusal(
      Invocation invocation, CannedRequest request, int status, JsonNode payload) {
    if (payload.path("message").isTextual()) {
      return ServiceErrors.refused(payload.path("message").textValue());
    }
    FunctionReference function = request.function();
    return switch (status) {
      case 403 ->
          ServiceErrors.accessDenied(
              IamRole.ofGuide(function.partition(), function.account()).principal(),
              function,
              Policies.NOT_ALLOWED);
      case 404 -> ServiceErrors.notFound(function, null);
      case 413 ->
          ServiceErrors.payloadTooLarge(ServiceLimits.maxPayloadBytes(invocation.invocationType()));
      case 429 -> ServiceErrors.tooManyRequests();
      // What the SDK says of an answer without words.
      default -> ServiceErrors.refused("Service returned HTTP status code " + status);
    };
  }

  private static @Nullable ByteBuffer bytes(JsonNode payload) {
    if (payload.isMissingNode()) {
      return null;
    }
    try {
      return ByteBuffer.wrap(CannedRequest.JSON.writeValueAsBytes(payload));
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static String log(String requestId, String version, Response reply) {
    ExecutionLog log = new ExecutionLog(requestId, version);
    if (reply.log() != null) {
      log.print(reply.log());
    }
    log.end(reply.delay());
    return log.tail();
  }

  @Override
  public void close() {
    waiting.close();
  }
}
