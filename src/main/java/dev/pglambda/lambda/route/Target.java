package dev.pglambda.lambda.route;

/** Where the calls of a route go. */
public sealed interface Target permits LocalFunction, Endpoint, CannedReply {

  /** For people, on one line, without secrets: {@code python, /home/me/functions/hello.py}. */
  String description();
}
