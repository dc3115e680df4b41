package dev.pglambda.lambda;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Records invocations; the test completes the result. */
final class FakeInvoker implements LambdaInvoker {
  final List<Invocation> invocations = new ArrayList<>();
  final CompletableFuture<InvocationResult> result = new CompletableFuture<>();

  @Override
  public CompletableFuture<InvocationResult> invoke(Invocation invocation) {
    invocations.add(invocation);
    return result;
  }

  /** The only invocation there was. */
  Invocation invocation() {
    if (invocations.size() != 1) {
      throw new AssertionError("invocations: " + invocations.size() + " (expected: 1)");
    }
    return invocations.get(0);
  }

  @Override
  public void close() {}
}
