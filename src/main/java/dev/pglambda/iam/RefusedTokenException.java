package dev.pglambda.iam;

/** Why a token does not count, for the log alone: the message shows nothing of its signature. */
final class RefusedTokenException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RefusedTokenException(String reason) {
    super(reason, null, false, false); // where it was found matters to nobody
  }
}
