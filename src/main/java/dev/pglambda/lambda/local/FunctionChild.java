package dev.pglambda.lambda.local;

import dev.pglambda.lambda.route.LocalFunction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The operating system's side of a function's process. Its methods block, but for {@link #exit}.
 */
final class FunctionChild {
  private final ChildProcesses children;
  private final Process process;
  private final ProcessOutput output;
  private final Path folder;
  private volatile int peakMegabytes;

  private FunctionChild(ChildProcesses children, Process process, Path folder, Path output) {
    this.children = children;
    this.process = process;
    this.folder = folder;
    this.output = new ProcessOutput(output);
  }

  /** Starts the process, in a folder of its own. */
  static FunctionChild start(
      HostResources host, LocalFunction function, Sandbox sandbox, String runtimeApi)
      throws EntrypointException, IOException {
    HostResources.Scratch scratch = host.scratch();
    FunctionCode code = FunctionCode.of(function);
    Path folder = Files.createTempDirectory(scratch.directory(), function.name() + "-");
    // Not in the function's own folder, which it may empty.
    Path output = folder.resolve("output");
    Path own = Files.createDirectory(folder.resolve("tmp"));
    Map<String, String> environment =
        ChildEnvironment.of(
            function,
            code,
            sandbox,
            new ChildEnvironment.Surroundings(scratch.directory(), own, runtimeApi),
            host.settings().environment());
    String searchPath = environment.getOrDefault("PATH", "/usr/bin:/bin");
    List<String> command = new LaunchCommand(code, scratch.directory(), searchPath).of(function);
    Process process = scratch.children().start(command, code.root(), environment, output);
    return new FunctionChild(scratch.children(), process, folder, output);
  }

  /** Completes, on any thread, with the exit status when the process has ended. */
  CompletableFuture<Integer> exit() {
    return process.onExit().thenApply(Process::exitValue);
  }

  /** What was printed since the last call; one call at a time. */
  byte[] read() {
    peakMegabytes = Math.max(peakMegabytes, ChildProcesses.peakMegabytes(process));
    return output.read();
  }

  /** The most memory that it has had when its output was read; 0: unknown. Does not block. */
  int peakMegabytes() {
    return peakMegabytes;
  }

  /** Ends the process and its descendants. */
  void kill() {
    children.kill(process);
  }

  /** To be called when the process has ended: ends what it has left. */
  void forget() {
    children.forget(process);
  }

  /** Deletes its folder. */
  void delete() {
    HostResources.delete(folder);
  }

  @Override
  public String toString() {
    return "process " + process.pid();
  }
}
