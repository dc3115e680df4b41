package dev.pglambda.conformance;

import java.util.List;

/** What the runner needs of a fake Lambda endpoint. */
public interface LambdaEndpoint {

  /** Forgets all answers and requests. */
  void reset();

  /** Answers every request for a function in this way. */
  void answer(String functionName, LambdaAnswer answer);

  /** The requests that came since the last time this was asked, in the order they came. */
  List<LambdaRequest> takeRequests();
}
