package dev.pglambda.lambda.local;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts processes so that nothing of them outlives this one, however it ends.
 *
 * <p>Where there are sessions (Linux), each process leads its own, and a small shell, the reaper,
 * knows them all: it ends what is left of a process when that has ended, and everything when its
 * standard input closes, which the kernel does for a proxy that was killed. Elsewhere (macOS,
 * Windows) the processes are ended one by one, as far as they are still another's children, and a
 * killed proxy is noticed by those that read their standard input. Safe for many threads; blocks.
 */
final class ChildProcesses implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ChildProcesses.class);

  private static final Path SHELL = Path.of("/bin/sh");

  /** {@code +}: a process there is; {@code !}: end its session; {@code -}: the same, and forget. */
  private static final String REAPER =
      """
      live=' '
      while read -r op pid; do
        case $op in
          +) live="$live$pid " ;;
          *) kill -s KILL -- "-$pid" ;;
        esac
        case "$op$live" in
          -*" $pid "*) live="${live%% $pid *} ${live#* $pid }" ;;
        esac
      done
      for pid in $live; do kill -s KILL -- "-$pid"; done
      rm -rf -- "$1"
      """;

  private final ReentrantLock lock = new ReentrantLock();
  private final Optional<String> setsid;
  private final Path directory;
  private @Nullable Process reaper;

  /** The directory is deleted at the end. */
  ChildProcesses(Path directory) {
    this.directory = directory;
    this.setsid =
        Stream.of("/usr/bin/setsid", "/bin/setsid")
            .filter(program -> Files.isExecutable(Path.of(program)) && Files.isExecutable(SHELL))
            .findFirst();
  }

  /** Starts a program, whose output of both kinds is appended to a file. */
  Process start(
      List<String> command, Path workingDirectory, Map<String, String> environment, Path output)
      throws IOException {
    List<String> line = new ArrayList<>();
    setsid.ifPresent(line::add);
    line.addAll(command);
    Process process =
        builder(line, environment)
            .directory(workingDirectory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(Redirect.appendTo(output.toFile()))
            .start();
    tellReaper('+', process);
    return process;
  }

  private static ProcessBuilder builder(List<String> line, Map<String, String> environment) {
    ProcessBuilder builder = new ProcessBuilder(line);
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder;
  }

  /** Ends a process and its descendants at once. */
  void kill(Process process) {
    // First: when it has ended nobody knows which others, with sessions of their own, were its.
    List<ProcessHandle> descendants = process.descendants().toList();
    tellReaper('!', process);
    descendants.forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  /** To be called when a process has ended: ends what it left behind. */
  void forget(Process process) {
    tellReaper('-', process);
  }

  /** The most memory that a process has had, where the kernel says it; else 0. */
  static int peakMegabytes(Process process) {
    try (Stream<String> lines = Files.lines(Path.of("/proc/%d/status".formatted(process.pid())))) {
      return lines
          .filter(line -> line.startsWith("VmHWM:"))
          .map(line -> line.replaceAll("[^0-9]", ""))
          .mapToInt(kilobytes -> Integer.parseInt(kilobytes) / 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException | UncheckedIOException | NumberFormatException unknown) {
      return 0;
    }
  }

  private void tellReaper(char operation, Process process) {
    if (setsid.isEmpty()) {
      return;
    }
    lock.lock();
    try {
      OutputStream input = reaper().getOutputStream();
      input.write((operation + " " + process.pid() + "\n").getBytes(US_ASCII));
      input.flush();
    } catch (IOException lost) {
      log.warn("Children of local functions may outlive the proxy: {}", lost.toString());
    } finally {
      lock.unlock();
    }
  }

  private Process reaper() throws IOException {
    if (reaper == null) {
      List<String> line =
          List.of(
              setsid.orElseThrow(), SHELL.toString(), "-c", REAPER, "reaper", directory.toString());
      reaper =
          builder(line, Map.of("PATH", "/usr/bin:/bin"))
              .redirectOutput(Redirect.DISCARD)
              .redirectError(Redirect.DISCARD)
              .start();
    }
    return reaper;
  }

  /** Ends all of them. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (reaper != null) {
        reaper.getOutputStream().close();
      }
    } catch (IOException alreadyGone) {
      log.debug("The reaper has ended before", alreadyGone);
    } finally {
      lock.unlock();
    }
  }
}
