package dev.pglambda.lambda.local;

import dev.pglambda.lambda.route.FunctionRuntime;
import dev.pglambda.lambda.route.LocalFunction;
import io.netty.channel.nio.NioEventLoopGroup;
import java.nio.file.Path;

/** A host in a process of its own, to be killed: calls a function in Python or Node, and stays. */
final class HostProcess {
  private HostProcess() {}

  /** Directory, runtime, and file of the function; prints the function's answers. */
  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]);
    var host =
        new LocalFunctionHost(new NioEventLoopGroup(1), LocalFunctionStage.settings(directory));
    var function =
        LocalFunction.of(
            "stays",
            FunctionRuntime.named(arguments[1]).orElseThrow(),
            Path.of(arguments[2]),
            null);
    var result =
        LocalFunctionStage.await(
            host.open(function).invoke(LocalFunctionStage.call("stays", "{}")));
    System.out.println(LocalFunctionStage.text(result));
    Thread.currentThread().join();
  }
}
