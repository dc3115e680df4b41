package dev.pglambda.conformance;

/** One way to run a case: how its statements are sent, by whom, and who serves the calls. */
public record Variant(Mode mode, Role role, CallingMode calls) {

  /** With the extension. */
  public Variant(Mode mode, Role role) {
    this(mode, role, CallingMode.EXTENSION);
  }

  /** The same with another one serving the calls. */
  public Variant in(CallingMode other) {
    return new Variant(mode, role, other);
  }

  @Override
  public String toString() {
    String how = mode + ", " + role;
    return calls == CallingMode.EXTENSION ? how : how + ", direct calls " + calls;
  }
}
