package dev.pglambda.lambda.local;

import dev.pglambda.lambda.route.LocalFunction;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * What a function's process sees: Lambda's variables, the function's own, and of the proxy's those
 * without which programs do not run. The proxy's credentials only if the function inherits them.
 */
final class ChildEnvironment {
  private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("yyyy/MM/dd");

  private static final List<String> NEEDED = List.of("PATH", "SystemRoot", "windir", "PATHEXT");

  private static final List<String> CREDENTIALS =
      List.of(
          "AWS_ACCESS_KEY_ID",
          "AWS_SECRET_ACCESS_KEY",
          "AWS_SESSION_TOKEN",
          "AWS_PROFILE",
          "AWS_DEFAULT_PROFILE",
          "AWS_SHARED_CREDENTIALS_FILE",
          "AWS_CONFIG_FILE",
          "AWS_ROLE_ARN",
          "AWS_ROLE_SESSION_NAME",
          "AWS_WEB_IDENTITY_TOKEN_FILE",
          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
          "AWS_EC2_METADATA_DISABLED");

  private ChildEnvironment() {}

  /**
   * Where a process runs.
   *
   * @param loops directory of the loops
   * @param folder of the process alone
   * @param runtimeApi host and port
   */
  record Surroundings(Path loops, Path folder, String runtimeApi) {}

  /**
   * @param proxy the proxy's own environment
   */
  static Map<String, String> of(
      LocalFunction function,
      FunctionCode code,
      Sandbox sandbox,
      Surroundings surroundings,
      Map<String, String> proxy) {
    String folder = surroundings.folder().toString();
    Map<String, String> environment = new HashMap<>();
    NEEDED.forEach(name -> copy(proxy, name, environment));
    environment.put("HOME", folder);
    environment.put("TMPDIR", folder);
    environment.put("TEMP", folder);
    environment.put("TMP", folder);
    environment.put("LANG", "en_US.UTF-8");
    environment.put("TZ", ":UTC");
    environment.put("AWS_REGION", sandbox.region());
    environment.put("AWS_DEFAULT_REGION", sandbox.region());
    if (function.inheritCredentials()) {
      inheritCredentials(proxy, environment);
    }
    environment.putAll(function.environment());
    environment.putAll(reserved(function, code, sandbox));
    environment.put("LAMBDA_RUNTIME_DIR", surroundings.loops().toString());
    environment.put("AWS_LAMBDA_RUNTIME_API", surroundings.runtimeApi());
    return environment;
  }

  private static void inheritCredentials(
      Map<String, String> proxy, Map<String, String> environment) {
    String home = proxy.getOrDefault("HOME", proxy.get("USERPROFILE"));
    if (home != null) {
      environment.put("AWS_SHARED_CREDENTIALS_FILE", Path.of(home, ".aws/credentials").toString());
      environment.put("AWS_CONFIG_FILE", Path.of(home, ".aws/config").toString());
    }
    CREDENTIALS.forEach(name -> copy(proxy, name, environment));
  }

  private static void copy(Map<String, String> from, String name, Map<String, String> to) {
    String value = from.get(name);
    if (value != null) {
      to.put(name, value);
    }
  }

  /** What a function cannot set itself. */
  private static Map<String, String> reserved(
      LocalFunction function, FunctionCode code, Sandbox sandbox) {
    String stream =
        "%s/[%s]%s"
            .formatted(
                LocalDate.now(ZoneOffset.UTC).format(DAY),
                sandbox.version(),
                UUID.randomUUID().toString().replace("-", ""));
    return Map.ofEntries(
        Map.entry("_HANDLER", code.handler()),
        Map.entry("LAMBDA_TASK_ROOT", code.root().toString()),
        Map.entry("AWS_EXECUTION_ENV", "AWS_Lambda_" + function.runtime().label()),
        Map.entry("AWS_LAMBDA_FUNCTION_NAME", function.name()),
        Map.entry("AWS_LAMBDA_FUNCTION_VERSION", sandbox.version()),
        Map.entry("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", Integer.toString(function.memoryMegabytes())),
        Map.entry("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/" + function.name()),
        Map.entry("AWS_LAMBDA_LOG_STREAM_NAME", stream),
        Map.entry("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"));
  }
}
