package dev.pglambda;

/** Entry point. */
public final class Main {
  private Main() {}

  /**
   * Starts the proxy.
   *
   * @param args command line
   */
  public static void main(String[] args) {}
}
