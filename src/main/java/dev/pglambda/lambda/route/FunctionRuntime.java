package dev.pglambda.lambda.route;

import java.util.Arrays;
import java.util.Optional;

/** What runs a function's code. */
public enum FunctionRuntime {
  PYTHON("python"),
  NODE("nodejs"),
  JAVA("java"),
  RUBY("ruby"),
  /** A program named {@code bootstrap} that speaks the Runtime API itself. */
  PROVIDED("provided");

  private final String label;

  FunctionRuntime(String label) {
    this.label = label;
  }

  /** How the identifiers of AWS's runtimes begin. */
  public String label() {
    return label;
  }

  /**
   * The runtime of an identifier of AWS's ({@code python3.12}, {@code nodejs22.x}, {@code
   * provided.al2023}) or of its beginning alone; the version is not looked at, since what is
   * installed runs. Empty: none of these, for example {@code dotnet8}.
   */
  public static Optional<FunctionRuntime> named(String identifier) {
    return Arrays.stream(values())
        .filter(each -> identifier.matches(each.label + "([0-9.].*)?"))
        .findFirst();
  }
}
