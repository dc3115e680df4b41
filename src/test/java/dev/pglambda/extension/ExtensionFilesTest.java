package dev.pglambda.extension;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExtensionFilesTest {

  @ParameterizedTest
  @CsvSource({
    "aws_commons, 1.2, Common data types across AWS services",
    "aws_lambda, 1.0, AWS Lambda integration"
  })
  void holdTheVersionThatTheControlFileNames(String extension, String version, String comment) {
    ExtensionScript script = ExtensionScript.of(extension);

    assertThat(script.version()).isEqualTo(version);
    assertThat(script.comment()).isEqualTo(comment);
    assertThat(ExtensionScript.files())
        .containsKeys(extension + ".control", extension + "--" + version + ".sql");
  }

  @Test
  void namesWhatAwsLambdaRequires() {
    String control = text("aws_lambda.control");

    assertThat(control).contains("requires = 'aws_commons'").contains("relocatable = false");
    assertThat(control).doesNotContain("schema");
  }

  @Test
  void areAscii() {
    assertThat(ExtensionScript.files().values())
        .allMatch(content -> !content.isEmpty() && content.chars().allMatch(c -> c < 128));
  }

  @ParameterizedTest
  @ValueSource(strings = {"aws_commons--1.2.sql", "aws_lambda--1.0.sql"})
  void readTheSameWhetherOrNotBackslashesEscape(String name) {
    assertThat(text(name).lines().filter(line -> line.contains("\\")))
        .singleElement()
        .asString()
        .startsWith("\\echo Use \"CREATE EXTENSION ")
        .endsWith("\\quit");
  }

  @Test
  void leaveNothingButTheOverloadsInTheSchemaThatUsersAreGranted() {
    String script = text("aws_lambda--1.0.sql");

    assertThat(script.lines().filter(line -> line.startsWith("CREATE ")))
        .filteredOn(line -> line.contains(" aws_lambda."))
        .hasSize(4)
        .allMatch(line -> line.equals("CREATE OR REPLACE FUNCTION aws_lambda.invoke("));
  }

  /** For images of PostgreSQL. The system property {@code pglambda.test.write=true} writes them. */
  @Test
  void standInDockerExtensionAsTheProxyHasThem() throws IOException {
    for (Map.Entry<String, String> each : ExtensionScript.files().entrySet()) {
      Path copy = Path.of("docker", "extension", each.getKey());
      if (Boolean.getBoolean("pglambda.test.write")) {
        Files.writeString(copy, each.getValue());
      }

      assertThat(copy).content().isEqualTo(each.getValue());
    }
  }

  private static String text(String name) {
    assertThat(ExtensionScript.files()).containsKey(name);
    return ExtensionScript.read(name);
  }
}
