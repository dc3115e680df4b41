package dev.pglambda.lambda;

import java.util.concurrent.CompletionStage;

/** Where credentials of AWS come from. */
@FunctionalInterface
public interface AccessKeySource {

  /** Those that hold now, or why there are none. Completed on any thread; never blocks. */
  CompletionStage<AccessKey> current();
}
