package dev.pglambda.limits;

/** Something is not held because it would be too much; {@link #refusal} tells which limit. */
public final class MemoryExhaustedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient MemoryAccount.Refusal refusal;

  public MemoryExhaustedException(MemoryAccount.Refusal refusal) {
    // No defect: a stack trace would say nothing.
    super(refusal.detail(), null, false, false);
    this.refusal = refusal;
  }

  public MemoryAccount.Refusal refusal() {
    return refusal;
  }
}
