package dev.pglambda.lambda.project;

/** Why a part of a project is not used; the message ends a sentence after a colon. */
final class NotUsedException extends Exception {
  NotUsedException(String reason) {
    super(reason);
  }

  String reason() {
    return String.valueOf(getMessage());
  }
}
