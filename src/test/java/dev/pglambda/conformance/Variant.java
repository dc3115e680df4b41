package dev.pglambda.conformance;

/** One way to run a case: how its statements are sent, and by whom. */
public record Variant(Mode mode, Role role) {
  @Override
  public String toString() {
    return mode + ", " + role;
  }
}
