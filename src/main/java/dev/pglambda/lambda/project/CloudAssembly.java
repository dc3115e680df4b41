package dev.pglambda.lambda.project;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The output of {@code cdk synth}, a cloud assembly: a manifest that names templates and further
 * assemblies, whose functions' code lies beside as assets.
 */
final class CloudAssembly {
  private static final String MANIFEST = "manifest.json";

  private CloudAssembly() {}

  /** Whether a folder is one. */
  static boolean is(Path folder) {
    return Files.isRegularFile(folder.resolve(MANIFEST))
        && Files.isRegularFile(folder.resolve("cdk.out"));
  }

  static void read(Path folder, Findings findings) throws FunctionsException {
    Path file = folder.resolve(MANIFEST);
    if (!findings.watch(file)) {
      return;
    }
    SourceValue manifest = SourceFile.read(file);
    SourceValue artifacts = manifest.get("artifacts");
    if (artifacts == null) {
      throw manifest.wrong("artifacts", "not there", "a map of artifacts");
    }
    for (Map.Entry<String, SourceValue> entry : artifacts.entries().entrySet()) {
      SourceValue artifact = entry.getValue();
      SourceValue declared = artifact.get("type");
      String type = declared == null ? "" : declared.text();
      SourceValue template = artifact.get("properties", "templateFile");
      SourceValue nested = artifact.get("properties", "directoryName");
      if (type.equals("aws:cloudformation:stack") && template != null) {
        Path path = folder.resolve(template.text()).normalize();
        findings.watch(path);
        CloudFormationTemplate.read(path, SourceFile.read(path), entry.getKey(), findings);
      } else if (type.equals("cdk:cloud-assembly") && nested != null) {
        read(folder.resolve(nested.text()).normalize(), findings);
      }
    }
  }
}
