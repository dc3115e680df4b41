package dev.pglambda.conformance;

import static java.util.Locale.ROOT;

import java.util.List;

/** Who serves the calls of a case: the extension's functions in the server, or the proxy itself. */
public enum CallingMode {
  /** The extension is installed. */
  EXTENSION,
  /** The extension is installed, and the proxy serves directly what it can. */
  ALWAYS,
  /** The extension is not installed, and the proxy serves directly what it can. */
  ABSENT;

  /** What the proxy's command line needs. */
  List<String> proxyArguments() {
    return switch (this) {
      case EXTENSION -> List.of();
      case ALWAYS -> List.of("--direct-calls", "always");
      case ABSENT -> List.of("--trusted-roles", "*"); // the cases' plain roles have no GRANTs here
    };
  }

  /** As case files name it. */
  @Override
  public String toString() {
    return name().toLowerCase(ROOT);
  }
}
