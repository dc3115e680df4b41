package dev.pglambda.lambda.route;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A function whose code is on this machine.
 *
 * @param name bare name, what {@code AWS_LAMBDA_FUNCTION_NAME} says
 * @param runtime what runs the code
 * @param code absolute: the folder of the code (the task root), or the one file that is the
 *     function
 * @param handler as the runtime takes it ({@code app.lambda_handler}); null: the runtime's default
 * @param environment the function's own variables
 * @param timeout of one invocation, from the moment its process is ready
 * @param memoryMegabytes what the function is told; not enforced
 * @param concurrency most processes, and so invocations, at a time
 * @param versions published versions; with {@code aliases} also empty, every version is there and
 *     every alias stands for the latest
 * @param aliases version that an alias stands for
 * @param command what is started instead of the runtime's own command, or empty
 * @param inheritCredentials whether the function gets the proxy's AWS credentials
 */
public record LocalFunction(
    String name,
    FunctionRuntime runtime,
    Path code,
    @Nullable String handler,
    Map<String, String> environment,
    Duration timeout,
    int memoryMegabytes,
    int concurrency,
    Set<String> versions,
    Map<String, String> aliases,
    List<String> command,
    boolean inheritCredentials)
    implements Target {

  /** AWS gives three seconds; a laptop that compiles and starts at once may take longer. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(3);

  /** What AWS gives. */
  public static final int DEFAULT_MEMORY_MEGABYTES = 128;

  /** Processes of one function, on a machine with few processors. */
  public static final int DEFAULT_CONCURRENCY = 4;

  public LocalFunction {
    environment = Map.copyOf(environment);
    versions = Set.copyOf(versions);
    aliases = Map.copyOf(aliases);
    command = List.copyOf(command);
  }

  /** With the defaults. */
  public static LocalFunction of(
      String name, FunctionRuntime runtime, Path code, @Nullable String handler) {
    return new LocalFunction(
        name,
        runtime,
        code,
        handler,
        Map.of(),
        DEFAULT_TIMEOUT,
        DEFAULT_MEMORY_MEGABYTES,
        DEFAULT_CONCURRENCY,
        Set.of(),
        Map.of(),
        List.of(),
        false);
  }

  @Override
  public String description() {
    return runtime.label() + ", " + code;
  }

  /** Without the values of variables, which may be secrets. */
  @Override
  public String toString() {
    return "LocalFunction[%s, %s, variables %s]"
        .formatted(name, description(), environment.keySet());
  }
}
