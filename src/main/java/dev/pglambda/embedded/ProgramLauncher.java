package dev.pglambda.embedded;

import com.sun.security.auth.module.UnixSystem;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs PostgreSQL's programs. They refuse to run as root; then they run as an unprivileged user of
 * the machine, if one can be had, or else in a user namespace of their own ({@code unshare -U}), in
 * which they are nobody but still own root's files. Every prefix replaces itself by the program, so
 * that the process id is the program's.
 */
final class ProgramLauncher {

  private static final long RUN_SECONDS = 120;
  private static final int TAIL_BYTES = 8192;
  private static final int TAIL_LINES = 20;

  /** What a program may see of our environment: no settings of libpq, no credentials of AWS. */
  private static final Set<String> INHERITED = Set.of("PATH", "HOME", "TMPDIR", "TZ");

  private final List<String> prefix;
  private final @Nullable UnprivilegedUser user;

  private ProgramLauncher(List<String> prefix, @Nullable UnprivilegedUser user) {
    this.prefix = prefix;
    this.user = user;
  }

  /** A launcher for the user that this process runs as; root needs a way to run as someone else. */
  static ProgramLauncher forThisUser() throws EmbeddedPostgresException, InterruptedException {
    List<String> prefix = ownSession();
    if (isRoot()) {
      prefix.add(unshareForRoot());
      prefix.add("-U");
    }
    return new ProgramLauncher(List.copyOf(prefix), null);
  }

  /**
   * Like {@link #forThisUser}, but root's programs run as another user, if there is one that can
   * reach the directory: it gets what they need of it.
   */
  static ProgramLauncher forDirectory(DataDirectory directory)
      throws IOException, EmbeddedPostgresException, InterruptedException {
    Optional<String> setpriv = onPath("setpriv");
    if (!isRoot() || setpriv.isEmpty()) {
      return forThisUser();
    }
    for (UnprivilegedUser user : UnprivilegedUser.candidates(directory)) {
      List<String> prefix = ownSession();
      prefix.addAll(List.of(setpriv.get(), "--reuid=" + user.uid(), "--regid=" + user.gid()));
      prefix.addAll(List.of("--clear-groups", "--no-new-privs"));
      directory.letThrough(user);
      List<String> trial = new ArrayList<>(prefix);
      trial.addAll(List.of("sh", "-c", "cd \"$0\"", directory.path().toString()));
      if (quiet(new ProcessBuilder(trial)).start().waitFor() == 0) {
        return new ProgramLauncher(List.copyOf(prefix), user);
      }
      directory.shut();
    }
    return forThisUser();
  }

  private static boolean isRoot() {
    return new UnixSystem().getUid() == 0;
  }

  private static List<String> ownSession() {
    List<String> prefix = new ArrayList<>();
    // A session of its own keeps the terminal's Ctrl-C away, so that the proxy stops it in order.
    onPath("setsid").ifPresent(prefix::add);
    return prefix;
  }

  /** Who the programs run as, for people; null: who this process runs as. */
  @Nullable String userDescription() {
    if (user != null) {
      return "user " + user.name();
    }
    return isRoot() ? "root, in a user namespace" : null;
  }

  /** Gives a file or an empty directory to the user of the programs. */
  void own(Path file) throws IOException {
    if (user != null) {
      user.own(file);
    }
  }

  /** Gives a directory with all that is in it to the user of the programs. */
  void ownTree(Path directory) throws IOException {
    if (user != null) {
      user.ownTree(directory);
    }
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
        ("embedded PostgreSQL does not run as root, and %s; start pg-lambda-proxy as another"
                + " user, or name a server with --backend")
            .formatted(reason),
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

  /** Starts a program that has no input; the file receives what it writes. */
  Process start(Path program, List<String> arguments, Path output) throws IOException {
    return builder(program, arguments, output).redirectInput(new File("/dev/null")).start();
  }

  /** Starts a program whose input the caller writes; the file receives what it writes. */
  Process startWithInput(Path program, List<String> arguments, Path output) throws IOException {
    return builder(program, arguments, output).start();
  }

  private ProcessBuilder builder(Path program, List<String> arguments, Path output) {
    List<String> command = new ArrayList<>(prefix);
    command.add(program.toString());
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    Map<String, String> environment = builder.environment();
    environment.keySet().retainAll(INHERITED);
    environment.put("LC_ALL", "C");
    return builder.redirectErrorStream(true).redirectOutput(output.toFile());
  }

  /** Runs a program to its end; if it fails or hangs, the exception has the end of its output. */
  void run(Path program, List<String> arguments, Path output)
      throws IOException, EmbeddedPostgresException, InterruptedException {
    Process process = start(program, arguments, output);
    try {
      boolean ended = process.waitFor(RUN_SECONDS, TimeUnit.SECONDS);
      if (!ended || process.exitValue() != 0) {
        String end =
            ended ? "exit status " + process.exitValue() : "no end after " + RUN_SECONDS + " s";
        throw new EmbeddedPostgresException(
            ("cannot run %s: %s (its file system must allow programs, and Linux needs glibc);"
                    + " choose another place with --data-dir, or a server with --backend%s")
                .formatted(program, end, logTail(output)),
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

  /**
   * The end of a log for an error message, each line after a break and two spaces; it need not
   * exist.
   */
  static String logTail(Path log) {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      long start = Math.max(0, file.length() - TAIL_BYTES);
      file.seek(start);
      byte[] bytes = new byte[(int) (file.length() - start)];
      file.readFully(bytes);
      List<String> lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
      List<String> last = lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size());
      return last.isEmpty() ? "" : "\n  " + String.join("\n  ", last);
    } catch (IOException e) {
      return "";
    }
  }
}
