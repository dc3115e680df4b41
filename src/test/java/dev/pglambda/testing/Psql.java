package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How psql, or another of PostgreSQL's programs, is run: as a person would, but for the terminal.
 * Immutable.
 */
public final class Psql {
  private static final Logger log = LoggerFactory.getLogger(Psql.class);
  private static final Path DIRECTORY = Path.of("target", "psql");
  private static final Path VERSIONS = Path.of("/usr/lib/postgresql");
  private static final long PATIENCE_SECONDS = 30;

  private final List<String> command;
  private final Map<String, String> environment;

  private Psql(List<String> command, Map<String, String> environment) {
    this.command = command;
    this.environment = environment;
  }

  /** Connects to the proxy as the superuser. If there is no psql the test is skipped. */
  public static Psql throughProxy(LambdaDatabase database) {
    return throughProxy("psql", database).with("--no-psqlrc");
  }

  /**
   * The same for another program.
   *
   * @param program its name, for example {@code pg_dump}
   */
  public static Psql throughProxy(String program, LambdaDatabase database) {
    return to(program, database.proxy().host(), database.proxy().port(), database);
  }

  /** Connects to the server behind the proxy. */
  public static Psql directly(LambdaDatabase database) {
    PostgresServer postgres = database.postgres();
    return to("psql", postgres.host(), postgres.port(), database).with("--no-psqlrc");
  }

  private static Psql to(String program, String host, int port, LambdaDatabase database) {
    List<String> command =
        List.of(
            find(program).toString(),
            "--no-password",
            "--host=" + host,
            "--port=" + port,
            "--username=" + database.postgres().user(),
            "--dbname=" + database.name());
    return new Psql(command, Map.of());
  }

  /**
   * A program with nothing but these options. If it is not on this machine the test is skipped.
   *
   * @param program its name, for example {@code pg_receivewal}
   */
  public static Psql program(String program, String... options) {
    return new Psql(List.of(find(program).toString()), Map.of()).with(options);
  }

  private static Path find(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
        .map(directory -> Path.of(directory, program))
        .filter(Files::isExecutable)
        .findFirst()
        .map(found -> unwrapped(found, program))
        .orElseGet(() -> skip(program));
  }

  /**
   * What Debian's script would start: the program of the newest version. Tests start hundreds of
   * them, and most of the time would be the script's.
   */
  private static Path unwrapped(Path found, String program) {
    try {
      if (!found.toRealPath().endsWith("pg_wrapper")) {
        return found;
      }
      try (Stream<Path> versions = Files.list(VERSIONS)) {
        return versions
            .filter(version -> version.getFileName().toString().matches("\\d{2}"))
            .map(version -> version.resolve("bin").resolve(program))
            .filter(Files::isExecutable)
            .max(Comparator.naturalOrder())
            .orElse(found);
      }
    } catch (IOException unreadable) {
      return found;
    }
  }

  private static Path skip(String program) {
    String reason = "no " + program + " on PATH (expected: Debian's package postgresql-client)";
    log.warn("SKIPPED: {}", reason);
    return Assumptions.abort(reason);
  }

  /** Adds options; of two that contradict each other psql takes the last. */
  public Psql with(String... options) {
    List<String> longer = new ArrayList<>(command);
    Collections.addAll(longer, options);
    return new Psql(longer, environment);
  }

  /** As another role, with the variable PGPASSWORD. */
  public Psql as(String role, String password) {
    return new Psql(with("--username=" + role).command, Map.of("PGPASSWORD", password));
  }

  /**
   * What became of a script.
   *
   * @param exitCode 0; 1 for a fault of psql's, 2 for a bad connection, 3 for a script that stopped
   * @param text what a person would see, standard output and standard error in one
   */
  public record Output(int exitCode, String text) {}

  /** Runs a script, given as standard input. */
  public Output run(String script) throws IOException, InterruptedException {
    return start(script).await();
  }

  /** Starts a script, given as standard input. */
  public Running start(String script) throws IOException {
    Files.createDirectories(DIRECTORY);
    Path input = Files.createTempFile(DIRECTORY, "script", ".sql");
    Path output = Files.createTempFile(DIRECTORY, "output", ".txt");
    Files.writeString(input, script);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectInput(input.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
    builder
        .environment()
        .putAll(Map.of("LC_ALL", "C.UTF-8", "PGCLIENTENCODING", "UTF8", "PGCONNECT_TIMEOUT", "20"));
    builder.environment().putAll(environment);
    return new Running(builder.start(), input, output);
  }

  /** A psql at work. */
  public static final class Running {
    private final Process process;
    private final Path input;
    private final Path output;

    private Running(Process process, Path input, Path output) {
      this.process = process;
      this.input = input;
      this.output = output;
    }

    /** What Ctrl-C does. */
    public void interrupt() throws IOException, InterruptedException {
      Process kill = new ProcessBuilder("sh", "-c", "kill -INT " + process.pid()).start();
      if (kill.waitFor() != 0) {
        throw new IllegalStateException("psql is not there any more: " + await());
      }
    }

    /** What {@code kill -9} does. */
    public void kill() {
      process.destroyForcibly();
    }

    /** Waits for its end. */
    public Output await() throws IOException, InterruptedException {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
        throw new AssertionError("psql does not end; it said: " + Files.readString(output));
      }
      String text = new String(Files.readAllBytes(output), UTF_8);
      Files.delete(input);
      Files.delete(output);
      return new Output(process.exitValue(), text);
    }
  }
}
