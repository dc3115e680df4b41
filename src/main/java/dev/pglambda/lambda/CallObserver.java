package dev.pglambda.lambda;

import org.jspecify.annotations.Nullable;

/**
 * Is told of each call of {@code aws_lambda.invoke}. Safe for use by many threads; its methods
 * neither block nor throw.
 */
@FunctionalInterface
public interface CallObserver {
  /** Sees nothing. */
  CallObserver NONE = (arguments, origin) -> ObservedCall.NONE;

  /** A call begins. */
  ObservedCall begins(InvokeArguments arguments, CallOrigin origin);

  /** One call; its methods are called in this order, the first at most once, one of the others. */
  interface ObservedCall {
    ObservedCall NONE =
        new ObservedCall() {
          @Override
          public void invokes(Invocation invocation, @Nullable String route) {}

          @Override
          public void ends(@Nullable InvocationResult result, InvokeAnswer answer) {}

          @Override
          public void isCancelled() {}
        };

    /**
     * Its arguments are in order, and Lambda is asked.
     *
     * @param route where it goes, for people; null: where all calls go
     */
    void invokes(Invocation invocation, @Nullable String route);

    /**
     * It has an answer.
     *
     * @param result what Lambda answered; null if it did not. Of an Event it says how that ends
     */
    void ends(@Nullable InvocationResult result, InvokeAnswer answer);

    /** Nobody waits for it any more. */
    void isCancelled();
  }
}
