package dev.pglambda.lambda.route;

import dev.pglambda.lambda.LambdaInvoker;

/** Makes what runs the calls of a target. */
@FunctionalInterface
public interface TargetInvokers {

  /** An invoker to be closed when no route leads to the target any more. Starts nothing yet. */
  LambdaInvoker open(Target target);
}
