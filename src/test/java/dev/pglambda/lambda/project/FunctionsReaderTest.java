package dev.pglambda.lambda.project;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.pglambda.lambda.route.Dialect;
import dev.pglambda.lambda.route.Endpoint;
import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FunctionsReaderTest {
  @TempDir Path directory;

  private ProjectFolder folder;

  @BeforeEach
  void folder() {
    folder = new ProjectFolder(directory);
  }

  @Test
  void readsEndpointsInShortForm() throws Exception {
    FunctionsConfiguration read =
        folder.read("a=http://a:9001, orders-*=https://b/x,arn:aws:lambda:*:*:function:c=http://c");

    assertThat(ProjectFolder.patterns(read))
        .containsExactly("a", "orders-*", "arn:aws:lambda:*:*:function:c");
    assertThat(ProjectFolder.endpoint(read, "orders-*"))
        .isEqualTo(Endpoint.of(URI.create("https://b/x")));
    assertThat(ProjectFolder.endpoint(read, "a").dialect()).isEqualTo(Dialect.AWS);
    assertThat(read.watched()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a=http://a,b",
        "a=http://a,b=ftp://b",
        "a=http://a,=http://b",
        "a=http://a,b=http://x:secret@b",
        "a=http://a,"
      })
  void refusesAPartOfTheShortFormWithoutRepeatingIt(String value) {
    assertThat(folder.refusal(value))
        .startsWith("--functions: part 2 of name=url,name=url: another form (expected: name=url,")
        .doesNotContain("secret");
  }

  @Test
  void putsTheRoutesOfAnEarlierValueFirst() throws Exception {
    folder.write("functions/hello.py");

    assertThat(ProjectFolder.patterns(folder.read("b=http://b", "functions", "a=http://a")))
        .containsExactly("b", "hello", "a");
  }

  @Test
  void saysThatNothingIsThereAndWatchesForIt() {
    FunctionsException missing =
        catchThrowableOfType(FunctionsException.class, () -> folder.read("nowhere"));

    assertThat(missing)
        .hasMessage(
            "--functions: %s: not there (expected: a folder, a file, or name=url,name=url)"
                .formatted(directory.resolve("nowhere")));
    assertThat(missing.watched()).containsExactly(directory.resolve("nowhere"));
  }

  @Test
  void watchesAFileThatABrokenConfigurationWants() throws Exception {
    Path file =
        folder.write("functions.yaml", "routes: [{function: f, local: {code: ., env_file: .env}}]");
    folder.write("app.py");

    FunctionsException missing =
        catchThrowableOfType(FunctionsException.class, () -> folder.read("functions.yaml"));

    assertThat(missing).hasMessageContaining(".env: file: not there");
    assertThat(missing.watched()).contains(file, directory.resolve(".env"));
  }

  @Test
  void refusesAFileOfAnotherKind() throws Exception {
    folder.write("serverless.ts");

    assertThat(folder.refusal("serverless.ts"))
        .endsWith("serverless.ts: not YAML or JSON by its name (expected: .yaml, .yml or .json)");
  }

  @Test
  void readsRoutesFromJsonToo() throws Exception {
    folder.write(
        "f.json", "{\"$schema\": \"x\", \"routes\": [{\"function\": \"f\", \"reply\": {}}]}");

    assertThat(ProjectFolder.patterns(folder.read("f.json"))).containsExactly("f");
  }
}
