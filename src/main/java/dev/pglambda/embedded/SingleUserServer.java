package dev.pglambda.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * PostgreSQL in single-user mode (manual, {@code postgres}, "Options for Single-User Mode"): runs
 * statements as the bootstrap superuser while nobody can log in. Settings of databases and roles,
 * and event triggers, have no effect there, so that nothing that people have left in a database
 * runs.
 */
final class SingleUserServer {

  private static final long RUN_SECONDS = 600;
  private static final int TIMED_OUT = -1;
  private static final int ATTEMPTS = 50;
  private static final long RETRY_MILLIS = 200;
  private static final Pattern PLAIN_NAME = Pattern.compile("[A-Za-z0-9_][!-~]*");

  /** Statements end with a semicolon and an empty line, which may stand within one, too. */
  private static final Pattern EMPTY_LINE = Pattern.compile("(?m)^$");

  private final Cluster cluster;
  private final Binaries binaries;
  private final ProgramLauncher launcher;
  private final Path directory;
  private final boolean sync;

  /**
   * What the server prints goes to a private directory; {@code sync} has changes survive a crash.
   */
  SingleUserServer(
      Cluster cluster, Binaries binaries, ProgramLauncher launcher, Path directory, boolean sync) {
    this.cluster = cluster;
    this.binaries = binaries;
    this.launcher = launcher;
    this.directory = directory;
    this.sync = sync;
  }

  /**
   * Runs statements in a database, named in the server's encoding, each in its own transaction,
   * until one fails, which is not shown; returns what it printed.
   */
  String run(byte[] database, List<String> statements)
      throws IOException, EmbeddedPostgresException, InterruptedException {
    Path output = Files.createTempFile(directory, "single-user-", ".log");
    for (int attempt = 1; ; attempt++) {
      int status = attempt(database, statements, output);
      String printed = new String(Files.readAllBytes(output), UTF_8);
      if (status == 0) {
        return printed;
      }
      // The sessions of a killed server take a moment to notice that it is gone.
      if (attempt == ATTEMPTS || !printed.contains("pre-existing shared memory block")) {
        throw new EmbeddedPostgresException(
            "embedded PostgreSQL ended with status %d while it was set up; its data is in %s%s"
                .formatted(status, cluster.directory(), ProgramLauncher.logTail(output)),
            null);
      }
      TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
    }
  }

  /** Returns the exit status. */
  private int attempt(byte[] database, List<String> statements, Path output)
      throws IOException, InterruptedException {
    Process process = start(database, output);
    try {
      try (OutputStream in = process.getOutputStream()) {
        for (String statement : statements) {
          String text = EMPTY_LINE.matcher(statement.strip()).replaceAll(" ");
          in.write((text + ";\n\n").getBytes(UTF_8));
        }
      } catch (IOException e) {
        // It has ended, and its output says why.
      }
      return process.waitFor(RUN_SECONDS, TimeUnit.SECONDS) ? process.exitValue() : TIMED_OUT;
    } finally {
      process.destroyForcibly();
    }
  }

  private Process start(byte[] database, Path output) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("--single", "-j"));
    arguments.addAll(
        cluster.serverOptions(
            Map.of(
                "exit_on_error", "on",
                "search_path", "pg_catalog,pg_temp",
                "log_min_messages", "notice",
                "log_min_error_statement", "panic",
                "log_line_prefix", "",
                "lc_messages", "C",
                "fsync", sync ? "on" : "off")));
    Path program = binaries.program("postgres");
    String name = new String(database, UTF_8);
    if (PLAIN_NAME.matcher(name).matches()) {
      arguments.add(name);
      return launcher.startWithInput(program, arguments, output);
    }
    // Java may not be able to pass such a name (it would be in the encoding of the locale).
    StringBuilder octal = new StringBuilder();
    for (byte each : database) {
      octal.append("\\%03o".formatted(each & 0xff));
    }
    String command = "exec \"$0\" \"$@\" -- \"$(printf '" + octal + "')\"";
    List<String> shell = new ArrayList<>(List.of("-c", command, program.toString()));
    shell.addAll(arguments);
    return launcher.startWithInput(Path.of("/bin/sh"), shell, output);
  }

  /** The values, in hexadecimal digits, that a query printed in a column of that name. */
  static List<byte[]> values(String printed, String column) {
    Pattern row = Pattern.compile("(?m)^\\t 1: " + column + " = \"([0-9a-f]*)\"\\t");
    return row.matcher(printed)
        .results()
        .map(value -> HexFormat.of().parseHex(value.group(1)))
        .toList();
  }
}
