package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.lambda.CallEvaluator;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.lambda.InvokeArguments;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Records the calls; the test answers them. */
final class FakeFunction implements CallEvaluator {
  final List<InvokeArguments> arguments = new ArrayList<>();
  final List<CallOrigin> origins = new ArrayList<>();
  final List<CompletableFuture<InvokeAnswer>> results = new ArrayList<>();

  @Override
  public CompletableFuture<InvokeAnswer> call(InvokeArguments call, CallOrigin origin) {
    CompletableFuture<InvokeAnswer> result = new CompletableFuture<>();
    arguments.add(call);
    origins.add(origin);
    results.add(result);
    return result;
  }

  CompletableFuture<InvokeAnswer> last() {
    return results.get(results.size() - 1);
  }

  static InvokeAnswer row(String payload) {
    return row(ByteBuffer.wrap(payload.getBytes(UTF_8)));
  }

  static InvokeAnswer row(@Nullable ByteBuffer payload) {
    return new InvokeAnswer.Row(new InvocationResult(200, payload, "$LATEST", null, null), null);
  }
}
