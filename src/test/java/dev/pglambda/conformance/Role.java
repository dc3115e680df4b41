package dev.pglambda.conformance;

/** By whom a case is run; prints as in the names of runs. */
public enum Role {
  /** The target's superuser. */
  SUPERUSER("superuser"),
  /** A role with the documented GRANTs, which can also create objects of its own. */
  PLAIN("plain role"),
  /** The role that the case names. */
  OWN("role of the case");

  private final String text;

  Role(String text) {
    this.text = text;
  }

  @Override
  public String toString() {
    return text;
  }
}
