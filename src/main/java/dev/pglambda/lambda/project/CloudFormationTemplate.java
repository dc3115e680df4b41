package dev.pglambda.lambda.project;

import dev.pglambda.lambda.project.SourceValue.Shape;
import dev.pglambda.lambda.route.FunctionRuntime;
import dev.pglambda.lambda.route.LocalFunction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The functions of a template of CloudFormation, SAM or the CDK, with those of nested stacks. */
final class CloudFormationTemplate {
  private static final String SERVERLESS = "AWS::Serverless::Function";
  private static final String LAMBDA = "AWS::Lambda::Function";

  /** What AWS gives. */
  private static final int DEFAULT_TIMEOUT_SECONDS = 3;

  private static final String BUILT = ".aws-sam/build/template.yaml";

  private final Path file;
  private final SourceValue root;
  private final String stack;
  private final Findings findings;
  private final Map<String, String> names = new HashMap<>();
  private final Intrinsics intrinsics;

  private CloudFormationTemplate(Path file, SourceValue root, String stack, Findings findings) {
    this.file = file;
    this.root = root;
    this.stack = stack;
    this.findings = findings;
    this.intrinsics = new Intrinsics(root, Intrinsics.pseudoParameters(stack, findings), names);
  }

  /** Whether a file is such a template. */
  static boolean is(SourceValue root) {
    return root.entries().containsKey("Resources")
        || root.entries().containsKey("AWSTemplateFormatVersion");
  }

  /**
   * @param stack name of the stack, as far as it is known
   */
  static void read(Path file, SourceValue root, String stack, Findings findings)
      throws FunctionsException {
    new CloudFormationTemplate(file, root, stack, findings).read();
  }

  private void read() throws FunctionsException {
    hintAtBuiltTemplate();
    SourceValue resources = root.get("Resources");
    if (resources == null || !resources.isMap()) {
      throw root.wrong("Resources", "not there", "a map of resources");
    }
    Map<String, SourceValue> functions = new LinkedHashMap<>();
    for (Map.Entry<String, SourceValue> entry : resources.entries().entrySet()) {
      SourceValue resource = entry.getValue();
      String type = type(resource);
      if (type.equals(SERVERLESS) || type.equals(LAMBDA)) {
        functions.put(entry.getKey(), resource);
        names.put(entry.getKey(), entry.getKey());
      } else if (entry.getKey().startsWith("Fn::")) {
        findings.warn(resource.place(), "%s is left out: it needs AWS".formatted(entry.getKey()));
      }
    }
    functions.forEach((id, resource) -> names.put(id, name(id, resource)));
    functions.forEach(this::readFunction);
    for (SourceValue resource : resources.entries().values()) {
      readNestedStack(resource);
    }
  }

  private static String type(SourceValue resource) {
    SourceValue type = resource.get("Type");
    return type == null ? "" : type.text();
  }

  private void hintAtBuiltTemplate() {
    Path built = file.resolveSibling(BUILT);
    try {
      if (Files.exists(built)
          && Files.getLastModifiedTime(built).compareTo(Files.getLastModifiedTime(file)) > 0) {
        findings.warn(
            file.toString(),
            "what \"sam build\" made of it, with its dependencies, is not used (expected: --functions %s)"
                .formatted(built));
      }
    } catch (IOException gone) {
      // Then there is nothing to hint at.
    }
  }

  private String name(String id, SourceValue resource) {
    String name = declared(id, resource).optional("the name", property(resource, "FunctionName"));
    return name == null || name.isBlank() ? id : name;
  }

  private ProjectFunction declared(String id, SourceValue resource) {
    return new ProjectFunction(resource.place(), id, intrinsics, findings);
  }

  /** The function's own, else that of all functions of SAM; null: neither, or no value. */
  private @Nullable SourceValue property(SourceValue resource, String key) {
    SourceValue properties = resource.get("Properties");
    SourceValue own = properties == null ? null : properties.get(key);
    return own != null ? own : global(resource, key);
  }

  private @Nullable SourceValue global(SourceValue resource, String... keys) {
    SourceValue globals = root.get("Globals", "Function");
    return globals == null || !type(resource).equals(SERVERLESS) ? null : globals.get(keys);
  }

  private void readFunction(String id, SourceValue resource) {
    String name = names.getOrDefault(id, id);
    try {
      LocalFunction function = function(id, name, resource);
      findings.add(name, function);
      SourceValue path = resource.get("Metadata", "aws:cdk:path");
      if (path != null) {
        findings.addShortName(construct(path.text()), function);
      }
    } catch (NotUsedException notUsed) {
      findings.warn(
          resource.place(), "the function %s is left out: %s".formatted(id, notUsed.reason()));
    }
  }

  /** {@code Hello} of {@code Stack/Hello/Resource}. */
  private static String construct(String path) {
    return path.replaceFirst("/Resource$", "").replaceFirst("^.*/", "");
  }

  private LocalFunction function(String id, String name, SourceValue resource)
      throws NotUsedException {
    ProjectFunction declared = declared(id, resource);
    if (!isMade(declared, resource)) {
      throw new NotUsedException("its condition does not hold with the parameters' defaults");
    }
    if ("Image".equals(declared.optional("PackageType", property(resource, "PackageType")))) {
      throw new NotUsedException("it is a container image (expected: PackageType Zip)");
    }
    Path code = code(declared, resource);
    FunctionRuntime runtime =
        ProjectFunction.runtime(declared.required("Runtime", property(resource, "Runtime")));
    String handler =
        runtime == FunctionRuntime.PROVIDED
            ? declared.optional("Handler", property(resource, "Handler"))
            : declared.required("Handler", property(resource, "Handler"));
    if (property(resource, "Layers") != null) {
      findings.warn(
          resource.place(),
          "the layers of the function %s are left out: only its own code is used".formatted(id));
    }
    return ProjectFunction.function(
        name,
        new LocalCode(runtime, code, handler),
        declared.environment(
            global(resource, "Environment", "Variables"),
            resource.get("Properties", "Environment", "Variables")),
        declared.number("Timeout", property(resource, "Timeout"), DEFAULT_TIMEOUT_SECONDS),
        declared.number(
            "MemorySize", property(resource, "MemorySize"), LocalFunction.DEFAULT_MEMORY_MEGABYTES),
        declared.optional("AutoPublishAlias", property(resource, "AutoPublishAlias")));
  }

  /** What is not known counts as true, which is said. */
  private boolean isMade(ProjectFunction declared, SourceValue resource) {
    SourceValue condition = resource.get("Condition");
    try {
      return condition == null || intrinsics.condition(condition.text());
    } catch (NotUsedException unresolved) {
      declared.leaveOut("the condition", unresolved);
      return true;
    }
  }

  private Path code(ProjectFunction declared, SourceValue resource) throws NotUsedException {
    SourceValue asset = resource.get("Metadata", "aws:asset:path");
    SourceValue assetProperty = resource.get("Metadata", "aws:asset:property");
    if (asset != null && assetProperty != null && assetProperty.text().equals("Code")) {
      return ProjectFunction.code(local(asset.text()));
    }
    String key = type(resource).equals(SERVERLESS) ? "CodeUri" : "Code";
    if (property(resource, "InlineCode") != null) {
      throw new NotUsedException(
          "its code is in the template (expected: %s, a folder)".formatted(key));
    }
    SourceValue property = property(resource, key);
    SourceValue code = property == null ? null : intrinsics.resolve(property);
    if (code != null && code.shape() == Shape.MAP) {
      throw notLocal(code, key);
    }
    String path = declared.required(key, code);
    if (path.matches("[a-z0-9]+://.*")) {
      throw notLocal(SourceValue.map("", Map.of()), key);
    }
    return ProjectFunction.code(local(path));
  }

  private static NotUsedException notLocal(SourceValue code, String key) {
    String where =
        code.entries().containsKey("ZipFile")
            ? "in the template"
            : code.entries().containsKey("ImageUri") ? "a container image" : "in S3";
    return new NotUsedException(
        "its code is %s (expected: %s, a folder here)".formatted(where, key));
  }

  private Path local(String path) {
    return file.resolveSibling(path).normalize();
  }

  /** A nested stack whose template is a file here; others hold no local code. */
  private void readNestedStack(SourceValue resource) throws FunctionsException {
    SourceValue template =
        switch (type(resource)) {
          case "AWS::CloudFormation::Stack" -> {
            SourceValue asset = resource.get("Metadata", "aws:asset:path");
            yield asset != null ? asset : resource.get("Properties", "TemplateURL");
          }
          case "AWS::Serverless::Application" -> resource.get("Properties", "Location");
          default -> null;
        };
    if (template == null || template.shape() != Shape.TEXT || template.text().contains("://")) {
      return;
    }
    Path path = local(template.text());
    if (!Files.isRegularFile(path)) {
      findings.warn(
          template.place(), "the nested stack is left out: there is no file %s".formatted(path));
    } else if (findings.watch(path)) {
      read(path, SourceFile.read(path), stack, findings);
    }
  }
}
