package dev.pglambda.lambda.project;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.route.FunctionRuntime;
import dev.pglambda.lambda.route.LocalFunction;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServerlessServiceTest {
  @TempDir Path directory;

  private ProjectFolder folder;

  @BeforeEach
  void folder() {
    folder = new ProjectFolder(directory);
  }

  private FunctionsConfiguration read(String... lines) throws Exception {
    folder.write("serverless.yml", lines);
    return folder.read("serverless.yml");
  }

  private FunctionsConfiguration withVariable(String value) throws Exception {
    folder.write("conf.yml", "deep: {list: [a, b]}", "staged: ${sls:stage}-file");
    folder.environment.put("HOME_TOWN", "Bonn");
    return read(
        "service: shop",
        "provider:",
        "  name: aws",
        "  runtime: nodejs22.x",
        "  stage: ${opt:stage, 'qa'}",
        "custom:",
        "  qa: {table: orders-qa}",
        "  loop: ${self:custom.loop}",
        "  flag: true",
        "  whole: ${file(conf.yml)}",
        "params: {default: {size: 1}, qa: {size: 2}}",
        "resources: {Resources: {Table: {Type: 'AWS::DynamoDB::Table'}}}",
        "functions:",
        "  hello:",
        "    handler: handler.hello",
        "    environment: {KEPT: x, V: " + value + "}");
  }

  @Test
  void readsAServiceWithItsDefaults() throws Exception {
    FunctionsConfiguration read =
        read(
            "service: shop",
            "frameworkVersion: '4'",
            "provider: {name: aws, runtime: python3.12}",
            "plugins: [serverless-offline]",
            "functions:",
            "  hello-world:",
            "    handler: src/handler.hello",
            "    events: [{httpApi: {path: /, method: get}}]");

    assertThat(read.warnings()).isEmpty();
    assertThat(ProjectFolder.patterns(read)).containsExactly("shop-dev-hello-world", "hello-world");
    LocalFunction function = ProjectFolder.local(read, "hello-world");
    assertThat(function).isEqualTo(ProjectFolder.local(read, "shop-dev-hello-world"));
    assertThat(function.name()).isEqualTo("shop-dev-hello-world");
    assertThat(function.runtime()).isEqualTo(FunctionRuntime.PYTHON);
    assertThat(function.code()).isEqualTo(directory);
    assertThat(function.handler()).isEqualTo("src/handler.hello");
    assertThat(function.timeout()).isEqualTo(Duration.ofSeconds(6));
    assertThat(function.memoryMegabytes()).isEqualTo(1024);
  }

  @Test
  void takesWhatAFunctionDoesNotSayFromTheProvider() throws Exception {
    folder.write("build/all.jar");

    FunctionsConfiguration read =
        read(
            "service: {name: shop}",
            "provider: {name: aws, stage: prod, timeout: 9, memorySize: 512,",
            "  environment: {A: provider, B: provider, C: '${env:GONE}'}}",
            "functions:",
            "  - one: {handler: h.one, timeout: 2, environment: {B: own}}",
            "  - two: {handler: Two, name: own-name, runtime: java21,",
            "      package: {artifact: build/all.jar}}");

    LocalFunction one = ProjectFolder.local(read, "shop-prod-one");
    assertThat(one.timeout()).isEqualTo(Duration.ofSeconds(2));
    assertThat(one.memoryMegabytes()).isEqualTo(512);
    assertThat(one.environment()).isEqualTo(Map.of("A", "provider", "B", "own"));
    LocalFunction two = ProjectFolder.local(read, "own-name");
    assertThat(two.code()).isEqualTo(directory.resolve("build/all.jar"));
    assertThat(two.runtime()).isEqualTo(FunctionRuntime.JAVA);
    assertThat(read.warnings())
        .hasSize(2)
        .allSatisfy(
            warning ->
                assertThat(warning)
                    .contains("the variable C of the function ", "${env:GONE}: it is not there."));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "${self:service}|shop",
        "${self:custom.${sls:stage}.table}|orders-qa",
        "x-${self:custom.qa.table}-${self:provider.stage}|x-orders-qa-qa",
        "${self:custom.nothing, self:custom.flag}|true",
        "${self:custom.whole.deep.list.1}|b",
        "${file(./conf.yml):deep.list.0}|a",
        "${file(./conf.yml):staged}|qa-file",
        "${opt:region, 'a, b'}|a, b",
        "${opt:count, 3}|3",
        "${env:HOME_TOWN}|Bonn",
        "${env:GONE, ''}|''",
        "${param:size}|2",
        "${ssm:/path, \"fallback\"}|fallback",
        "${aws:region}-${aws:accountId}|us-east-1-000000000000",
        "!Ref HelloLambdaFunction|shop-qa-hello",
        "!Sub '${AWS::Region}/${self:service}'|us-east-1/shop",
      })
  void resolvesWhatTheFilesAndTheEnvironmentTell(String value, String expected) throws Exception {
    FunctionsConfiguration read =
        withVariable(value.startsWith("!") ? value : "'" + value.replace("'", "''") + "'");

    assertThat(read.warnings()).isEmpty();
    assertThat(ProjectFolder.local(read, "hello").environment())
        .isEqualTo(Map.of("KEPT", "x", "V", expected));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "${self:custom.nothing}|${self:custom.nothing}: it is not there.",
        "${self:custom.loop}|variables lead to each other.",
        "${ssm:/path}|only the framework knows ssm:/path.",
        "${file(conf.js):x}|is a program (expected: YAML or JSON).",
        "${file(gone.yml):x}|gone.yml: file: not there (expected: a file).",
        "x-${self:custom.qa}|${self:custom.qa} stands within a text and is none.",
        "!Ref Table|Table is known to AWS only.",
      })
  void leavesOutAVariableThatItCannotResolveAndSaysSo(String value, String reason)
      throws Exception {
    FunctionsConfiguration read = withVariable(value.startsWith("!") ? value : "'" + value + "'");

    assertThat(ProjectFolder.local(read, "hello").environment()).isEqualTo(Map.of("KEPT", "x"));
    assertThat(read.warnings()).hasSize(1);
    assertThat(read.warnings().get(0))
        .contains("serverless.yml:14: the variable V of the function hello is left out: ", reason);
  }

  @Test
  void leavesOutFunctionsThatItCannotRunAndSaysSo() throws Exception {
    folder.write("f.zip");

    FunctionsConfiguration read =
        read(
            "service: shop",
            "provider: {name: aws}",
            "functions:",
            "  image: {image: x}",
            "  dotnet: {handler: x, runtime: dotnet8}",
            "  archive: {handler: x, package: {artifact: f.zip}}",
            "  unknown: '${file(functions.js)}'",
            "  nothing: {}",
            "  layered: {handler: x.y, layers: [a]}");

    assertThat(ProjectFolder.patterns(read)).containsExactly("shop-dev-layered", "layered");
    assertThat(read.warnings())
        .anySatisfy(
            each -> assertThat(each).contains(":4: the function image is left out: it is a"))
        .anySatisfy(
            each -> assertThat(each).contains(":5: the function dotnet is left out: its run"))
        .anySatisfy(
            each -> assertThat(each).contains(":6: the function archive is left out: its c"))
        .anySatisfy(
            each -> assertThat(each).contains(":7: the function unknown is left out: ${file"))
        .anySatisfy(
            each -> assertThat(each).contains(":8: the function nothing is left out: it has"))
        .anySatisfy(
            each -> assertThat(each).contains(":9: the layers of the function layered are"));
  }

  @ParameterizedTest
  @CsvSource({
    "useDotenv: true,staged",
    "frameworkVersion: '^4.0.0',staged",
    "frameworkVersion: '3',none"
  })
  void readsDotEnvironmentFilesAsTheFrameworkDoes(String setting, String expected)
      throws Exception {
    folder.write(".env", "A=plain", "B=plain");
    folder.write(".env.dev", "A=staged");
    folder.environment.put("B", "own");

    FunctionsConfiguration read =
        read(
            "service: shop",
            setting.replace("'", "\""),
            "provider: {name: aws}",
            "functions:",
            "  f: {handler: x.y, environment: {A: \"${env:A, 'none'}\", B: \"${env:B}\"}}");

    assertThat(ProjectFolder.local(read, "f").environment())
        .isEqualTo(Map.of("A", expected, "B", "own"));
  }

  @Test
  void readsFunctionsFromFilesAndWatchesThem() throws Exception {
    Path functions = folder.write("functions/all.yml", "hello: {handler: h.hello}");

    FunctionsConfiguration read =
        read("service: shop", "provider: {name: aws}", "functions: ['${file(functions/all.yml)}']");

    assertThat(ProjectFolder.patterns(read)).isEqualTo(List.of("shop-dev-hello", "hello"));
    assertThat(read.watched()).contains(functions, directory.resolve("serverless.yml"));
  }
}
