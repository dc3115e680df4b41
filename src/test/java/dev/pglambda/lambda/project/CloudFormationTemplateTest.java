package dev.pglambda.lambda.project;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.route.FunctionRuntime;
import dev.pglambda.lambda.route.LocalFunction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CloudFormationTemplateTest {
  private static final Path SAM =
      Path.of("src/test/resources/dev/pglambda/lambda/project/sam").toAbsolutePath();

  @TempDir Path directory;

  private ProjectFolder folder;

  @BeforeEach
  void folder() throws Exception {
    folder = new ProjectFolder(directory.resolve("shop"));
    folder.write("src/app.py");
  }

  private FunctionsConfiguration read(String... lines) throws Exception {
    folder.write("template.yaml", lines);
    return folder.read("template.yaml");
  }

  /** A template with one function whose environment has the variable V. */
  private String variable(String value) throws Exception {
    FunctionsConfiguration read =
        read(
            "Parameters:",
            "  Stage: {Type: String, Default: dev}",
            "  Count: {Type: Number, Default: 0012}",
            "  Secret: {Type: String, NoEcho: true}",
            "  Stored: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /path}",
            "Mappings: {Hosts: {eu-west-1: {dev: localhost}}}",
            "Conditions:",
            "  IsDev: !Equals [!Ref Stage, dev]",
            "  IsNot: !Not [!Condition IsDev]",
            "  IsBoth: !And [!Condition IsDev, !Condition IsNot]",
            "  IsAny: !Or [!Condition IsDev, !Condition IsNot]",
            "  IsLoop: !Not [!Condition IsLoop]",
            "Resources:",
            "  Table: {Type: 'AWS::DynamoDB::Table'}",
            "  Other:",
            "    Type: AWS::Serverless::Function",
            "    Properties: {FunctionName: !Sub '${AWS::StackName}-other', CodeUri: src,",
            "      Runtime: python3.12, Handler: app.handler}",
            "  Hello:",
            "    Type: AWS::Serverless::Function",
            "    Properties: {CodeUri: src, Runtime: python3.12, Handler: app.handler,",
            "      Environment: {Variables: {V: " + value + "}}}");
    assertThat(ProjectFolder.local(read, "shop-other").name()).isEqualTo("shop-other");
    String resolved = ProjectFolder.local(read, "Hello").environment().get("V");
    return resolved == null ? read.warnings().toString() : resolved;
  }

  @Test
  void readsTheTemplateThatSamInitMakes() throws Exception {
    FunctionsConfiguration read = new ProjectFolder(SAM).read("template.yaml");

    assertThat(read.warnings()).isEmpty();
    assertThat(ProjectFolder.patterns(read)).containsExactly("HelloWorldFunction");
    assertThat(ProjectFolder.local(read, "HelloWorldFunction"))
        .isEqualTo(
            ProjectFunction.function(
                "HelloWorldFunction",
                new LocalCode(
                    FunctionRuntime.PYTHON, SAM.resolve("hello_world"), "app.lambda_handler"),
                Map.of(),
                3,
                LocalFunction.DEFAULT_MEMORY_MEGABYTES,
                null));
  }

  @Test
  void takesWhatAFunctionDoesNotSayFromGlobals() throws Exception {
    FunctionsConfiguration read =
        read(
            "Globals:",
            "  Function: {Runtime: nodejs22.x, Handler: a.b, Timeout: 9, CodeUri: src,",
            "    AutoPublishAlias: live, Environment: {Variables: {A: global, B: global}}}",
            "Resources:",
            "  Hello:",
            "    Type: AWS::Serverless::Function",
            "    Properties: {MemorySize: 256, Handler: own.b, Environment: {Variables: {B: own}}}",
            "  Plain:",
            "    Type: AWS::Lambda::Function",
            "    Properties: {Code: src, Handler: x.y, Runtime: ruby3.3}");

    LocalFunction hello = ProjectFolder.local(read, "Hello");
    assertThat(hello.runtime()).isEqualTo(FunctionRuntime.NODE);
    assertThat(hello.handler()).isEqualTo("own.b");
    assertThat(hello.timeout()).isEqualTo(Duration.ofSeconds(9));
    assertThat(hello.memoryMegabytes()).isEqualTo(256);
    assertThat(hello.environment()).isEqualTo(Map.of("A", "global", "B", "own"));
    assertThat(hello.versions()).isEqualTo(Set.of("1"));
    assertThat(hello.aliases()).isEqualTo(Map.of("live", "1"));
    LocalFunction plain = ProjectFolder.local(read, "Plain");
    assertThat(plain.environment()).isEmpty();
    assertThat(plain.timeout()).isEqualTo(Duration.ofSeconds(3));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "plain|plain",
        "!Ref Stage|dev",
        "!Ref Count|0012",
        "!Ref AWS::Region|eu-west-1",
        "!Ref Other|shop-other",
        "!GetAtt Other.Arn|arn:aws:lambda:eu-west-1:000000000000:function:shop-other",
        "!Sub '${Stage}-${!Kept}-${AWS::AccountId}'|dev-${Kept}-000000000000",
        "!Sub ['${A}${Other.Arn}', {A: !Ref Stage}]|devarn:aws:lambda:eu-west-1:000000000000:function:shop-other",
        "!Join ['-', [a, !Ref Stage]]|a-dev",
        "!FindInMap [Hosts, !Ref 'AWS::Region', !Ref Stage]|localhost",
        "!If [IsDev, yes, no]|yes",
        "!If [IsNot, yes, !Ref Stage]|dev",
        "!If [IsBoth, yes, no]|no",
        "!If [IsAny, yes, no]|yes",
        "!If [IsNot, yes, !Ref 'AWS::NoValue']|[]",
      })
  void resolvesWhatTheTemplateAloneTells(String value, String expected) throws Exception {
    folder.environment.put("AWS_REGION", "eu-west-1");

    assertThat(variable(value)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "!Ref Table|Table is known to AWS only.",
        "!GetAtt Table.Arn|Table.Arn is known to AWS only.",
        "!Ref Secret|the parameter Secret has no default value.",
        "!Ref Stored|the parameter Stored has no default value.",
        "!Sub 'x${Table}'|Table is known to AWS only.",
        "!ImportValue x|Fn::ImportValue needs AWS.",
        "!FindInMap [Hosts, x, y]|the mappings have no such entry.",
        "!Join ['-']|has too few arguments.",
        "!If [IsLoop, a, b]|no condition.",
        "!If [Nope, a, b]|there is no condition Nope.",
        "[a]|a text is needed where there is a list.",
      })
  void leavesOutAVariableThatItCannotResolveAndSaysSo(String value, String reason)
      throws Exception {
    assertThat(variable(value))
        .contains("template.yaml:19: the variable V of the function Hello is left out: ", reason);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "CodeUri: src, Runtime: dotnet8, Handler: a|its runtime is dotnet8 (expected: one of python,",
        "CodeUri: src, Runtime: go1.x, Handler: a|its runtime is go1.x (expected:",
        "PackageType: Image|it is a container image (expected: PackageType Zip)",
        "InlineCode: 'x', Runtime: python3.12, Handler: a|its code is in the template (expected: CodeUri,",
        "CodeUri: 's3://b/k', Runtime: python3.12, Handler: a|its code is in S3 (expected: CodeUri,",
        "CodeUri: {Bucket: b}, Runtime: python3.12, Handler: a|its code is in S3 (expected: CodeUri,",
        "CodeUri: nowhere, Runtime: python3.12, Handler: a|its code is not there (expected: /",
        "CodeUri: f.zip, Runtime: python3.12, Handler: a|its code is an archive, /",
        "Runtime: python3.12, Handler: a|it has no CodeUri",
        "CodeUri: src, Runtime: python3.12|it has no Handler",
        "CodeUri: src, Handler: a|it has no Runtime",
        "CodeUri: src, Runtime: java21, Handler: a, FunctionName: 'a b'|no Lambda function can have the name",
      })
  void leavesOutAFunctionThatItCannotRunAndSaysSo(String properties, String reason)
      throws Exception {
    folder.write("f.zip");

    FunctionsConfiguration read =
        read(
            "Resources:",
            "  Hello:",
            "    Type: AWS::Serverless::Function",
            "    Properties: {" + properties + "}");

    assertThat(read.routes()).isEmpty();
    assertThat(read.warnings()).hasSize(1);
    assertThat(read.warnings().get(0))
        .contains("template.yaml:2: the function Hello is left out: " + reason);
  }

  @Test
  void usesTheFunctionsWhoseConditionHolds() throws Exception {
    FunctionsConfiguration read =
        read(
            "Parameters: {Stage: {Type: String, Default: dev}}",
            "Conditions:",
            "  IsDev: !Equals [!Ref Stage, dev]",
            "  IsProd: !Equals [!Ref Stage, prod]",
            "  IsFar: !Equals [!ImportValue x, y]",
            "Resources:",
            conditional("Dev", "IsDev"),
            conditional("Prod", "IsProd"),
            conditional("Far", "IsFar"));

    assertThat(ProjectFolder.patterns(read)).containsExactly("Dev", "Far");
    assertThat(read.warnings())
        .satisfiesExactly(
            prod ->
                assertThat(prod)
                    .contains(
                        "template.yaml:8: the function Prod is left out: its condition does not"
                            + " hold"),
            far ->
                assertThat(far)
                    .contains(
                        "template.yaml:9: the condition of the function Far is left out:"
                            + " Fn::ImportValue needs AWS"));
  }

  private static String conditional(String id, String condition) {
    return "  "
        + id
        + ": {Type: 'AWS::Serverless::Function', Condition: "
        + condition
        + ", Properties: {CodeUri: src, Runtime: python3.12, Handler: app.handler}}";
  }

  /** Each condition names the one before twice, and so does each function's name. */
  @Test
  @Timeout(20)
  void readsWhatDoublesAgainAndAgainInTimeAndMemory() throws Exception {
    StringBuilder conditions = new StringBuilder("  C0: !Equals [a, a]\n");
    StringBuilder functions = new StringBuilder(conditional("F0", "C0"));
    for (int i = 1; i < 40; i++) {
      String before = "C" + (i - 1);
      conditions.append(
          "  C%d: !And [!Condition %s, !Condition %s]\n".formatted(i, before, before));
      functions.append("\n").append(doubling(i));
    }

    FunctionsConfiguration read =
        read("Conditions:", conditions.toString(), "Resources:", functions.toString());

    assertThat(ProjectFolder.patterns(read)).contains("F0", "F0F0");
    assertThat(read.warnings())
        .anySatisfy(warning -> assertThat(warning).contains("more than 65536 characters"));
  }

  private static String doubling(int number) {
    String before = "${F" + (number - 1) + "}";
    return conditional("F" + number, "C" + number)
        .replace("CodeUri", "FunctionName: !Sub '" + before + before + "', CodeUri");
  }

  @Test
  void saysThatInlineCodeOfPlainTemplatesAndLayersAreNotUsed() throws Exception {
    FunctionsConfiguration read =
        read(
            "Resources:",
            "  Inline:",
            "    Type: AWS::Lambda::Function",
            "    Properties: {Code: {ZipFile: 'x'}, Runtime: nodejs22.x, Handler: index.handler}",
            "  Layered:",
            "    Type: AWS::Lambda::Function",
            "    Properties: {Code: src, Runtime: provided.al2023, Layers: [!Ref L]}");

    assertThat(ProjectFolder.patterns(read)).containsExactly("Layered");
    assertThat(read.warnings())
        .satisfiesExactly(
            inline ->
                assertThat(inline).contains("Inline is left out: its code is in the template"),
            layers ->
                assertThat(layers).contains(":5: the layers of the function Layered are left"));
  }

  @Test
  void readsNestedTemplatesThatAreFiles() throws Exception {
    folder.write(
        "nested/child.yaml",
        "Resources:",
        "  Child:",
        "    Type: AWS::Serverless::Function",
        "    Properties: {CodeUri: ../src, Runtime: python3.12, Handler: app.handler}");

    FunctionsConfiguration read =
        read(
            "Resources:",
            "  App: {Type: 'AWS::Serverless::Application', Properties: {Location: nested/child.yaml}}",
            "  Gone: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: gone.yaml}}");

    assertThat(ProjectFolder.local(read, "Child").code()).isEqualTo(folder.path.resolve("src"));
    assertThat(read.watched()).contains(folder.path.resolve("nested/child.yaml"));
    assertThat(read.warnings()).hasSize(1);
    assertThat(read.warnings().get(0)).contains("the nested stack is left out: there is no file");
  }

  @Test
  void pointsToANewerBuildOfSam() throws Exception {
    Path built = folder.write(".aws-sam/build/template.yaml", "Resources: {}");
    Files.setLastModifiedTime(built, FileTime.from(Instant.now().plusSeconds(60)));

    assertThat(read("Resources: {}").warnings())
        .singleElement()
        .asString()
        .contains("(expected: --functions " + built + ")");

    Files.setLastModifiedTime(built, FileTime.fromMillis(0));
    assertThat(folder.read("template.yaml").warnings()).isEmpty();
  }
}
