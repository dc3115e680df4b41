package dev.pglambda.lambda.project;

import dev.pglambda.lambda.project.SourceValue.Shape;
import dev.pglambda.lambda.route.FunctionRuntime;
import dev.pglambda.lambda.route.LocalFunction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The functions of a {@code serverless.yml}, as the Serverless Framework and osls read it. */
final class ServerlessService {
  /** What the framework gives. */
  private static final int DEFAULT_TIMEOUT_SECONDS = 6;

  private static final int DEFAULT_MEMORY_MEGABYTES = 1024;

  private final Path folder;
  private final SourceValue root;
  private final Findings findings;
  private final ServerlessVariables variables;
  private final Map<String, String> namesByLogicalId = new HashMap<>();
  private final Intrinsics intrinsics;

  private ServerlessService(Path folder, SourceValue root, Findings findings) {
    this.folder = folder;
    this.root = root;
    this.findings = findings;
    this.variables = new ServerlessVariables(folder, root, findings);
    SourceValue template = root.get("resources");
    this.intrinsics =
        new Intrinsics(
            template == null ? root : template,
            Intrinsics.pseudoParameters(Intrinsics.stackOf(folder), findings),
            namesByLogicalId);
  }

  /** Whether a file is such a service. */
  static boolean is(SourceValue root) {
    return root.entries().containsKey("service") && root.entries().containsKey("provider");
  }

  static void read(Path folder, SourceValue root, Findings findings) throws FunctionsException {
    try {
      new ServerlessService(folder, root, findings).read();
    } catch (NotUsedException unresolved) {
      throw root.wrong("service", unresolved.reason(), "what this file and its environment tell");
    }
  }

  private void read() throws FunctionsException, NotUsedException {
    readDotEnvironment();
    Map<String, SourceValue> functions = functions();
    Map<String, String> names = new LinkedHashMap<>();
    for (Map.Entry<String, SourceValue> function : functions.entrySet()) {
      String name = name(function.getKey(), function.getValue());
      names.put(function.getKey(), name);
      namesByLogicalId.put(logicalId(function.getKey()), name);
    }
    functions.forEach((key, function) -> readFunction(key, names.getOrDefault(key, key), function));
  }

  /** The framework's version 4 always reads these files, earlier ones if they are told to. */
  private void readDotEnvironment() throws FunctionsException, NotUsedException {
    SourceValue version = root.get("frameworkVersion");
    boolean four = version != null && version.text().matches("\\D*4.*");
    if (!four && !"true".equals(text("useDotenv"))) {
      return;
    }
    for (String name : List.of(".env", ".env." + variables.stage())) {
      Path file = folder.resolve(name);
      findings.watch(file);
      if (Files.isRegularFile(file)) {
        variables.addEnvironment(EnvironmentFile.read(file));
      }
    }
  }

  private @Nullable String text(String address) throws NotUsedException {
    SourceValue value = variables.self(address);
    return value == null || !value.isScalar() ? null : value.text();
  }

  /** A map, or a list of maps, each of which may be a file's. */
  private Map<String, SourceValue> functions() throws NotUsedException {
    SourceValue declared = variables.self("functions");
    List<SourceValue> maps = new ArrayList<>();
    if (declared != null && declared.shape() == Shape.LIST) {
      for (SourceValue element : declared.elements()) {
        maps.add(variables.resolve(element));
      }
    } else if (declared != null) {
      maps.add(declared);
    }
    Map<String, SourceValue> functions = new LinkedHashMap<>();
    for (SourceValue map : maps) {
      for (Map.Entry<String, SourceValue> entry : map.entries().entrySet()) {
        functions.put(entry.getKey(), entry.getValue());
      }
    }
    return functions;
  }

  private String name(String key, SourceValue function) throws NotUsedException {
    String service = text("service");
    String byDefault =
        "%s-%s-%s"
            .formatted(service == null ? text("service.name") : service, variables.stage(), key);
    try {
      SourceValue name = variables.resolve(function).get("name");
      return name == null ? byDefault : variables.resolve(name).text();
    } catch (NotUsedException unresolved) {
      findings.warn(
          function.place(),
          "the name of the function %s is left out: %s".formatted(key, unresolved.reason()));
      return byDefault;
    }
  }

  /** By which the framework's CloudFormation template knows the function. */
  private static String logicalId(String key) {
    String id = key.replace("-", "Dash").replace("_", "Underscore");
    return id.substring(0, 1).toUpperCase(Locale.ROOT) + id.substring(1) + "LambdaFunction";
  }

  private void readFunction(String key, String name, SourceValue value) {
    try {
      SourceValue function = variables.resolve(value);
      LocalFunction local =
          function(new ProjectFunction(value.place(), key, intrinsics, findings), name, function);
      findings.add(name, local);
      findings.addShortName(key, local);
    } catch (NotUsedException notUsed) {
      findings.warn(
          value.place(), "the function %s is left out: %s".formatted(key, notUsed.reason()));
    }
  }

  private LocalFunction function(ProjectFunction declared, String name, SourceValue function)
      throws NotUsedException {
    if (function.get("image") != null) {
      throw new NotUsedException("it is a container image (expected: handler)");
    }
    SourceValue runtime = setting(function, "runtime");
    LocalCode code =
        new LocalCode(
            // The framework's own default is one of node.
            runtime == null ? FunctionRuntime.NODE : ProjectFunction.runtime(runtime.text()),
            code(function),
            declared.required("handler", own(function, "handler")));
    if (setting(function, "layers") != null) {
      findings.warn(
          declared.place(),
          "the layers of the function %s are left out: only its own code is used"
              .formatted(declared.id()));
    }
    return ProjectFunction.function(
        name,
        code,
        declared.environment(
            resolved(declared, variables.self("provider.environment")),
            resolved(declared, own(function, "environment"))),
        declared.number("timeout", setting(function, "timeout"), DEFAULT_TIMEOUT_SECONDS),
        declared.number("memorySize", setting(function, "memorySize"), DEFAULT_MEMORY_MEGABYTES),
        null);
  }

  private @Nullable SourceValue own(SourceValue function, String key) throws NotUsedException {
    SourceValue own = function.get(key);
    return own == null ? null : variables.resolve(own);
  }

  /** The function's own, else the provider's. */
  private @Nullable SourceValue setting(SourceValue function, String key) throws NotUsedException {
    SourceValue own = own(function, key);
    return own == null ? variables.self("provider." + key) : own;
  }

  /** The archive that others built, else the folder of the service. */
  private Path code(SourceValue function) throws NotUsedException {
    SourceValue own = own(function, "package");
    SourceValue artifact = own == null ? variables.self("package.artifact") : own(own, "artifact");
    return ProjectFunction.code(
        artifact == null ? folder : folder.resolve(artifact.text()).normalize());
  }

  /** Variables of the environment without those of the framework; what cannot be is said. */
  private @Nullable SourceValue resolved(
      ProjectFunction declared, @Nullable SourceValue environment) {
    if (environment == null) {
      return null;
    }
    Map<String, SourceValue> values = new LinkedHashMap<>();
    environment
        .entries()
        .forEach(
            (key, value) -> {
              try {
                values.put(key, deep(value));
              } catch (NotUsedException unresolved) {
                declared.leaveOut("the variable " + key, unresolved);
              }
            });
    return SourceValue.map(environment.place(), values);
  }

  /** Resolves within the arguments of CloudFormation's functions too. */
  private SourceValue deep(SourceValue value) throws NotUsedException {
    SourceValue resolved = variables.resolve(value);
    List<SourceValue> elements = new ArrayList<>();
    for (SourceValue element : resolved.elements()) {
      elements.add(deep(element));
    }
    Map<String, SourceValue> entries = new LinkedHashMap<>();
    for (Map.Entry<String, SourceValue> entry : resolved.entries().entrySet()) {
      entries.put(entry.getKey(), deep(entry.getValue()));
    }
    return new SourceValue(resolved.place(), resolved.shape(), resolved.text(), elements, entries);
  }
}
