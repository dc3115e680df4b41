package dev.pglambda.conformance;

import static java.util.Locale.ROOT;

/** How a statement is sent. */
public enum Mode {
  /** Query. */
  SIMPLE,
  /** Parse, Bind, Describe, Execute, Sync; unnamed, text format. */
  EXTENDED,
  /** The extended protocol with results, and parameters where possible, in binary format. */
  BINARY;

  /** As case files name it. */
  @Override
  public String toString() {
    return name().toLowerCase(ROOT);
  }
}
