package dev.pglambda.lambda.project;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.CdkApp;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CloudAssemblyTest {
  @TempDir Path directory;

  private ProjectFolder folder;

  @BeforeEach
  void folder() {
    folder = new ProjectFolder(directory);
  }

  @Test
  void readsWhatTheCdkMakes() throws Exception {
    CdkApp.synthesize(directory.resolve("cdk.out"));

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
