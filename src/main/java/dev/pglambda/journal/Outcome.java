package dev.pglambda.journal;

import java.util.Locale;

/** What has become of a call. */
public enum Outcome {
  /** It has not ended. */
  PENDING,
  /** It returned a row. */
  OK,
  /** The function ran and failed. */
  FUNCTION_ERROR,
  /** It was refused, or Lambda did not do what it was asked for. */
  ERROR,
  /** Its client did not wait for it. */
  CANCELLED;

  /** As JSON, SQL and metrics name it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether it is a failure, which the journal keeps longest. */
  public boolean isFailure() {
    return this != PENDING && this != OK;
  }
}
