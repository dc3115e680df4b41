package dev.pglambda.conformance;

/** How a statement is sent. */
public enum Mode {
  /** Query. */
  SIMPLE,
  /** Parse, Bind, Describe, Execute, Sync; unnamed, text format. */
  EXTENDED
}
