package dev.pglambda.lambda.project;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class CloudAssemblyTest {
  private static final Logger log = LoggerFactory.getLogger(CloudAssemblyTest.class);
  private static final String APP = "src/test/resources/dev/pglambda/lambda/project/cdk/app.js";
  private static final int NO_MODULES = 3;

  /** The shell's. */
  private static final int NO_PROGRAM = 127;

  @TempDir Path directory;

  private ProjectFolder folder;

  @BeforeEach
  void folder() {
    folder = new ProjectFolder(directory);
  }

  private void synthesize() throws Exception {
    Process node =
        new ProcessBuilder("sh", "-c", "exec node " + APP + " " + directory.resolve("cdk.out"))
            .redirectErrorStream(true)
            .start();
    String output = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = node.waitFor();
    if (code == NO_MODULES || code == NO_PROGRAM) {
      String reason = "no Node.js with aws-cdk-lib in target/npm/cdk (expected: as in .ci/run)";
      log.warn("SKIPPED: {}", reason);
      Assumptions.abort(reason);
    }
    assertThat(code).as(output).isZero();
  }

  @Test
  void readsWhatTheCdkMakes() throws Exception {
    synthesize();

    FunctionsConfiguration read = folder.read("cdk.out");

    assertThat(ProjectFolder.patterns(read))
        .satisfiesExactly(
            later -> assertThat(later).matches("Later[0-9A-F]{8}"),
            hello -> assertThat(hello).matches("Hello[0-9A-F]{8}"),
            caller -> assertThat(caller).isEqualTo("shop-caller"),
            within -> assertThat(within).matches("Within[0-9A-F]{8}"),
            later -> assertThat(later).isEqualTo("Later"),
            hello -> assertThat(hello).isEqualTo("Hello"),
            caller -> assertThat(caller).isEqualTo("Caller"),
            within -> assertThat(within).isEqualTo("Within"));
    assertThat(ProjectFolder.local(read, "Hello").timeout()).isEqualTo(Duration.ofSeconds(9));
    assertThat(ProjectFolder.local(read, "Hello").environment())
        .isEqualTo(Map.of("REGION", "us-east-1", "PLAIN", "text"));
    String name = ProjectFolder.local(read, "Hello").name();
    assertThat(ProjectFolder.local(read, "shop-caller").environment())
        .isEqualTo(
            Map.of(
                "HELLO",
                name,
                "HELLO_ARN",
                "arn:aws:lambda:us-east-1:000000000000:function:" + name));
    for (String function : new String[] {"Hello", "Caller", "Within", "Later"}) {
      assertThat(ProjectFolder.local(read, function).code().resolve("index.js")).isRegularFile();
    }
    assertThat(read.warnings()).hasSize(1);
    assertThat(read.warnings().get(0)).contains("Inline", "its code is in the template");
  }

  /** Two constructs of one name, and an assembly that names itself. */
  @Test
  void givesNoShortNameToTwoFunctions() throws Exception {
    folder.write("cdk.out", "{}");
    folder.write("asset.1/index.js");
    folder.write(
        "manifest.json",
        "{\"artifacts\": {",
        "\"A\": {\"type\": \"aws:cloudformation:stack\", \"properties\": {\"templateFile\": \"a.json\"}},",
        "\"B\": {\"type\": \"cdk:cloud-assembly\", \"properties\": {\"directoryName\": \".\"}}}}");
    String function =
        """
        {"Type": "AWS::Lambda::Function",
         "Properties": {"Code": {"S3Key": "1"}, "Runtime": "nodejs22.x", "Handler": "index.handler"},
         "Metadata": {"aws:cdk:path": "A/%s/Same/Resource", "aws:asset:path": "asset.1",
                      "aws:asset:property": "Code"}}""";
    folder.write(
        "a.json",
        "{\"Resources\": {\"X\": %s, \"Y\": %s}}"
            .formatted(function.formatted("one"), function.formatted("two")));

    FunctionsConfiguration read = folder.read(".");

    assertThat(ProjectFolder.patterns(read)).containsExactly("X", "Y");
    assertThat(read.watched())
        .containsExactlyInAnyOrder(directory.resolve("manifest.json"), directory.resolve("a.json"));
  }

  @Test
  void refusesAManifestWithoutArtifacts() throws Exception {
    Files.writeString(directory.resolve("cdk.out"), "{}");
    folder.write("manifest.json", "{}");

    assertThat(folder.refusal("."))
        .endsWith("manifest.json:1: artifacts: not there (expected: a map of artifacts)");
  }
}
