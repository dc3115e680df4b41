package dev.pglambda.lambda.aws;

/** There are no credentials, and it may be that the profile's user is to sign in again. */
final class SignInException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String hint;
  private final RuntimeException failure;

  /** With the command that renews the sign-in, and what the SDK says. */
  SignInException(String command, RuntimeException failure) {
    super(hint(command) + " " + failure.getMessage(), failure);
    this.hint = hint(command);
    this.failure = failure;
  }

  private static String hint(String command) {
    return "If the sign-in has expired, \"" + command + "\" renews it.";
  }

  String hint() {
    return hint;
  }

  /** What the SDK has thrown. */
  RuntimeException failure() {
    return failure;
  }
}
