package dev.pglambda;

import dev.pglambda.command.Command;
import dev.pglambda.config.AdminCommand;
import dev.pglambda.config.Config;
import dev.pglambda.config.ConfigLoader;
import dev.pglambda.config.ConfigLoader.Exit;
import dev.pglambda.config.ConfigLoader.Run;
import dev.pglambda.config.Logging;
import dev.pglambda.guide.Guide;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Arguments, configuration, start, stop. */
public final class Main {
  private static final int EXIT_ORDERLY = 0;
  private static final int EXIT_FAILED = 1;
  private static final int EXIT_BAD_USAGE = 2;
  private static final int RUN_ON = -1;
  private static final int FIRST_JAVA_THAT_WARNS = 24;

  private Main() {}

  /**
   * Runs the proxy until it is told to stop. Exit codes: 0 orderly, 2 bad usage, 1 otherwise; after
   * a signal, Java's own: 128 and the signal's number.
   */
  public static void main(String[] args) {
    configureNetty();
    ConfigLoader.LoadResult result = ConfigLoader.load(args, System.getenv());
    if (result instanceof Run run) {
      int code = run(run.config());
      if (code != RUN_ON) {
        System.exit(code);
      }
    } else if (result instanceof Exit exit) {
      (exit.code() == EXIT_ORDERLY ? System.out : System.err).println(exit.message());
      System.exit(exit.code());
    } else if (result instanceof AdminCommand command) {
      System.exit(Command.run(command, System.out, System.err));
    }
  }

  /**
   * Lets Netty allocate direct memory without the JDK, which collects garbage and waits for half a
   * second, on the event loop, each time there is none left. From Java 24 on, the JVM prints
   * warnings at the first use of sun.misc.Unsafe (JEP 498), which that needs.
   *
   * <p>Leak detection watches one buffer of 128, and takes a tenth of the proxy's own time for it.
   */
  private static void configureNetty() {
    boolean warns = Runtime.version().feature() >= FIRST_JAVA_THAT_WARNS;
    System.getProperties()
        .putIfAbsent(warns ? "io.netty.noUnsafe" : "io.netty.tryReflectionSetAccessible", "true");
    System.getProperties().putIfAbsent("io.netty.leakDetection.level", "disabled");
  }

  /** Returns the exit code, or {@link #RUN_ON}. */
  private static int run(Config config) {
    Logging.configure(config.log());
    ShutdownHook shutdown = new ShutdownHook(Thread.currentThread());
    Runtime.getRuntime().addShutdownHook(shutdown);
    ProxyServer server = null;
    try {
      server = ProxyServer.start(config, line -> System.out.println(line));
    } catch (StartException failed) {
      if (!shutdown.begun) {
        System.err.println(failed.getMessage());
      }
      return failed.isBadUsage() ? EXIT_BAD_USAGE : EXIT_FAILED;
    } catch (InterruptedException stopped) {
      return EXIT_FAILED; // which nobody sees: the signal that stopped us decides
    } finally {
      shutdown.started.complete(server);
    }
    server.description().forEach(System.out::println);
    String user = server.embeddedUser();
    if (config.guide() && user != null) {
      try {
        Guide.run(
            server.address(),
            user,
            server.embeddedPassword(),
            PostgresSource.EMBEDDED_DATABASE,
            System.out);
      } catch (IOException failed) {
        System.err.println(failed.getMessage());
        return EXIT_FAILED;
      }
    }
    return config.once() ? EXIT_ORDERLY : RUN_ON;
  }

  /**
   * Stops the proxy at the end of the JVM. A start in progress is interrupted, and cleans up after
   * itself: no PostgreSQL server is left behind then either.
   */
  private static final class ShutdownHook extends Thread {
    private final Thread starter;
    private final CompletableFuture<@Nullable ProxyServer> started = new CompletableFuture<>();
    private volatile boolean begun;

    ShutdownHook(Thread starter) {
      super("shutdown");
      this.starter = starter;
    }

    @Override
    public void run() {
      begun = true;
      if (!started.isDone()) {
        starter.interrupt();
      }
      ProxyServer server = started.join();
      if (server != null) {
        try {
          server.drain();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        } finally {
          server.close();
        }
      }
    }
  }
}
