package dev.pglambda.embedded;

import com.sun.security.auth.module.UnixSystem;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Runs PostgreSQL's programs. They refuse to run as root; then they get a user namespace of their
 * own ({@code unshare -U}), in which they are nobody but still own root's files. Every prefix
 * replaces itself by the program, so that the process id is the program's.
 */
final class ProgramLauncher {

  private static final long RUN_SECONDS = 120;

  /** What a program may see of our environment: no settings of libpq, no credentials of AWS. */
  private static final Set<String> INHERITED = Set.of("PATH", "HOME", "TMPDIR", "TZ");

  private final List<String> prefix;

  private ProgramLauncher(List<String> prefix) {
    this.prefix = prefix;
  }

  /**
   * A launcher for the user that this process runs as.
   *
   * @throws EmbeddedPostgresException if this is root and there is no way to run as someone else
   */
  static ProgramLauncher forThisUser() throws EmbeddedPostgresException, InterruptedException {
    List<String> prefix = new ArrayList<>();
    // A session of its own keeps the terminal's Ctrl-C away, so that the proxy stops it in order.
    onPath("setsid").ifPresent(prefix::add);
    if (new UnixSystem().getUid() == 0) {
      prefix.add(unshareForRoot());
      prefix.add("-U");
    }
    return new ProgramLauncher(List.copyOf(prefix));
  }

  private static String unshareForRoot() throws EmbeddedPostgresException, InterruptedException {
    String reason = "there is no program 'unshare'";
    Optional<String> unshare = onPath("unshare");
    if (unshare.isPresent()) {
      try {
        Process trial = quiet(new ProcessBuilder(unshare.get(), "-U", "true")).start();
        if (trial.waitFor() == 0) {
          return unshare.get();
        }
        reason = "'unshare -U' is not permitted";
      } catch (IOException e) {
        reason = String.valueOf(e.getMessage());
      }
    }
    throw new EmbeddedPostgresException(
        "embedded PostgreSQL does not run as root, and "
            + reason
            + "; start pg-lambda-proxy as another user, or name a server with --backend",
        null);
  }

  private static Optional<String> onPath(String program) {
    String path = System.getenv().getOrDefault("PATH", "/usr/bin:/bin");
    for (String directory : path.split(File.pathSeparator, -1)) {
      Path candidate = Path.of(directory, program);
      if (candidate.isAbsolute() && Files.isExecutable(candidate)) {
        return Optional.of(candidate.toString());
      }
    }
    return Optional.empty();
  }

  private static ProcessBuilder quiet(ProcessBuilder builder) {
    return builder
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD);
  }

  /**
   * Starts a program.
   *
   * @param output receives what it writes; overwritten
   */
  Process start(Path program, List<String> arguments, Path output) throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.add(program.toString());
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    Map<String, String> environment = builder.environment();
    environment.keySet().retainAll(INHERITED);
    environment.put("LC_ALL", "C");
    return builder
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .redirectInput(new File("/dev/null"))
        .start();
  }

  /**
   * Runs a program to its end.
   *
   * @throws EmbeddedPostgresException if it fails or hangs; has the end of its output
   */
  void run(Path program, List<String> arguments, Path output)
      throws IOException, EmbeddedPostgresException, InterruptedException {
    Process process = start(program, arguments, output);
    try {
      boolean ended = process.waitFor(RUN_SECONDS, TimeUnit.SECONDS);
      if (!ended || process.exitValue() != 0) {
        throw new EmbeddedPostgresException(
            "cannot run "
                + program
                + ": "
                + (ended
                    ? "exit status " + process.exitValue()
                    : "no end after " + RUN_SECONDS + " s")
                + " (its file system must allow programs, and Linux needs glibc);"
                + " choose another place with --data-dir, or a server with --backend"
                + LogTail.of(output),
            null);
      }
    } finally {
      process.destroyForcibly();
    }
  }

  /** Sends a signal that Java has no method for. Best effort: the process may be gone. */
  static void signal(ProcessHandle process, String name) throws InterruptedException {
    if (!process.isAlive()) {
      return;
    }
    // The shell's own kill: not every image has it as a program.
    String command = "kill -" + name + " " + process.pid();
    try {
      quiet(new ProcessBuilder("sh", "-c", command)).start().waitFor();
    } catch (IOException e) {
      process.destroy();
    }
  }
}
