package dev.pglambda;

import dev.pglambda.config.Config;
import dev.pglambda.config.ConfigLoader;
import dev.pglambda.config.ConfigLoader.Exit;
import dev.pglambda.config.ConfigLoader.Run;
import dev.pglambda.config.Logging;
import dev.pglambda.guide.Guide;
import java.io.IOException;

/** Arguments, configuration, start, stop. */
public final class Main {
  private static final int EXIT_ORDERLY = 0;
  private static final int EXIT_FAILED = 1;
  private static final int EXIT_BAD_USAGE = 2;
  private static final int RUN_ON = -1;

  private Main() {}

  /**
   * Runs the proxy until it is told to stop. Exit codes: 0 orderly, 2 bad usage, 1 otherwise.
   *
   * @param args command line, see {@code --help}
   * @throws InterruptedException if the main thread is interrupted
   */
  public static void main(String[] args) throws InterruptedException {
    ConfigLoader.Result result = ConfigLoader.load(args, System.getenv());
    if (result instanceof Run run) {
      int code = run(run.config());
      if (code != RUN_ON) {
        System.exit(code);
      }
    } else if (result instanceof Exit exit) {
      (exit.code() == EXIT_ORDERLY ? System.out : System.err).println(exit.message());
      System.exit(exit.code());
    }
  }

  /** Returns the exit code, or {@link #RUN_ON}. */
  private static int run(Config config) throws InterruptedException {
    Logging.configure(config.log().level(), config.log().format());
    ProxyServer server;
    try {
      server = ProxyServer.start(config, line -> System.out.println(line));
    } catch (StartException failed) {
      System.err.println(failed.getMessage());
      return EXIT_BAD_USAGE;
    }
    Runtime.getRuntime().addShutdownHook(new Thread(server::close, "shutdown"));
    server.description().forEach(System.out::println);
    String user = server.embeddedUser();
    if (config.guide() && user != null) {
      try {
        Guide.run(server.address(), user, PostgresSource.EMBEDDED_DATABASE, System.out);
      } catch (IOException failed) {
        System.err.println(failed.getMessage());
        return EXIT_FAILED;
      }
    }
    return config.once() ? EXIT_ORDERLY : RUN_ON;
  }
}
