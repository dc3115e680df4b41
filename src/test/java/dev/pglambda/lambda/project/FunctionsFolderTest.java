package dev.pglambda.lambda.project;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.route.CannedReply;
import dev.pglambda.lambda.route.FunctionRuntime;
import dev.pglambda.lambda.route.LocalFunction;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FunctionsFolderTest {
  @TempDir Path directory;

  private ProjectFolder folder;

  @BeforeEach
  void folder() {
    folder = new ProjectFolder(directory);
  }

  private void jar(String name, String... attribute) throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    if (attribute.length == 2) {
      manifest.getMainAttributes().putValue(attribute[0], attribute[1]);
    }
    Files.createDirectories(directory.resolve(name).getParent());
    try (OutputStream file = Files.newOutputStream(directory.resolve(name))) {
      new JarOutputStream(file, manifest).close();
    }
  }

  @Test
  void makesAFunctionOfEachFile() throws Exception {
    folder.write("hello.py");
    folder.write("module.mjs");
    folder.write("common.cjs");
    folder.write("script.js");
    folder.write("typed.ts");
    folder.write("gem.rb");

    FunctionsConfiguration read = folder.read(".");

    assertThat(read.warnings()).isEmpty();
    assertThat(ProjectFolder.patterns(read))
        .containsExactly("common", "gem", "hello", "module", "script", "typed");
    assertThat(ProjectFolder.local(read, "hello"))
        .isEqualTo(
            LocalFunction.of("hello", FunctionRuntime.PYTHON, directory.resolve("hello.py"), null));
    assertThat(ProjectFolder.local(read, "gem").runtime()).isEqualTo(FunctionRuntime.RUBY);
    for (String node : new String[] {"common", "module", "script", "typed"}) {
      assertThat(ProjectFolder.local(read, node).runtime()).isEqualTo(FunctionRuntime.NODE);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "lambda_function.py app.py,PYTHON",
    "app.py index.mjs,PYTHON",
    "index.mjs other.py,NODE",
    "index.js other.py third.rb,NODE",
    "handler.mjs other.py,NODE",
    "app.mjs other.rb,NODE",
    "handler.py index.ts,NODE",
    "lambda_function.rb other.rb,RUBY",
    "only.rb data.json README.md,RUBY",
  })
  void takesAFoldersRuntimeFromItsFirstKnownFile(String files, FunctionRuntime runtime)
      throws Exception {
    for (String file : files.split(" ", -1)) {
      folder.write("hello/" + file);
    }

    assertThat(ProjectFolder.local(folder.read("."), "hello"))
        .isEqualTo(LocalFunction.of("hello", runtime, directory.resolve("hello"), null));
  }

  @Test
  void runsABootstrapRatherThanTheFilesThatItMayUse() throws Exception {
    folder.write("hello/app.py");
    assertThat(folder.write("hello/bootstrap").toFile().setExecutable(true)).isTrue();

    assertThat(ProjectFolder.local(folder.read("."), "hello").runtime())
        .isEqualTo(FunctionRuntime.PROVIDED);
  }

  @Test
  void takesAJarsHandlerFromItsManifest() throws Exception {
    jar("hello.jar", "Lambda-Handler", "com.example.Hello::handleRequest");
    jar("deep/all.jar", "Lambda-Handler", "com.example.Deep");
    jar("main.jar", "Main-Class", "com.example.Main");

    FunctionsConfiguration read = folder.read(".");

    LocalFunction hello = ProjectFolder.local(read, "hello");
    assertThat(hello.runtime()).isEqualTo(FunctionRuntime.JAVA);
    assertThat(hello.handler()).isEqualTo("com.example.Hello::handleRequest");
    assertThat(ProjectFolder.local(read, "deep").code())
        .isEqualTo(directory.resolve("deep/all.jar"));
    assertThat(ProjectFolder.local(read, "main").handler()).isEqualTo("com.example.Main");
    assertThat(read.watched()).contains(hello.code());
  }

  @Test
  void answersWithTheContentOfAJsonFile() throws Exception {
    Path file = folder.write("hello.json", "{\"greeting\": [1, 2.50, true, null, \"\\u00e9\"]}");

    FunctionsConfiguration read = folder.read(".");

    CannedReply.Case only = ProjectFolder.reply(read, "hello").cases().get(0);
    assertThat(only.contains()).isNull();
    assertThat(only.replies().get(0).payload())
        .hasToString("{\"greeting\":[1,2.50,true,null,\"é\"]}");
    assertThat(read.watched()).containsExactlyInAnyOrder(directory, file);
  }

  @Test
  void keepsTheAnswerOfAJsonFileThatAChangeHasBroken() throws Exception {
    folder.write("hello.json", "1");
    folder.write("other.py");
    FunctionsConfiguration before = folder.read(".");

    folder.write("hello.json", "{");
    folder.write("new.json", "{");
    Files.delete(directory.resolve("other.py"));
    FunctionsConfiguration broken = folder.readAgain(before.routes(), ".");
    folder.write("hello.json", "2");
    FunctionsConfiguration mended = folder.readAgain(broken.routes(), ".");

    assertThat(broken.routes())
        .containsExactly(ProjectFolder.route(before, "hello"))
        .isNotEqualTo(mended.routes());
    assertThat(broken.warnings())
        .satisfiesExactly(
            kept -> assertThat(kept).contains("hello.json: its content of before is used: "),
            unused -> assertThat(unused).contains("new.json: it is not used: "));
  }

  @Test
  @Timeout(10)
  void doesNotWaitForPipes() throws Exception {
    folder.fifo("piped.jar");
    folder.fifo("piped.json");

    assertThat(folder.read(".").warnings()).hasSize(2);
  }

  @Test
  void watchesItselfAndTheFoldersWhoseRuntimeIsLookedFor() throws Exception {
    folder.write("hello/app.py");
    folder.write("single.py");

    assertThat(folder.read(".").watched())
        .containsExactlyInAnyOrder(directory, directory.resolve("hello"));
  }

  @Test
  void saysWhatItDoesNotUseAndWhy() throws Exception {
    folder.write("broken.json", "{", "\"a\": }");
    folder.write("empty/notes.txt");
    folder.write("hello.mjs");
    folder.write("hello.py");
    jar("jarred.jar");
    folder.write("my function.py");
    folder.write("notes.txt");
    folder.write("shell/bootstrap");
    folder.write("template.yaml");

    FunctionsConfiguration read = folder.read(".");

    assertThat(ProjectFolder.patterns(read)).containsExactly("hello");
    assertThat(read.warnings())
        .satisfiesExactly(
            broken -> assertThat(broken).contains("broken.json:2: syntax: ", "(expected: JSON)"),
            empty ->
                assertThat(empty).contains("/empty: it is not used: it does not say what to run"),
            hello ->
                assertThat(hello)
                    .isEqualTo(
                        directory.resolve("hello.py")
                            + ": it is not used: the function hello is hello.mjs (expected: one"
                            + " entry with that name)."),
            jarred ->
                assertThat(jarred).contains("no handler (expected: an attribute Lambda-Handler"),
            name ->
                assertThat(name).contains("no Lambda function can have the name \"my function\""),
            notes ->
                assertThat(notes).contains("notes.txt: it is not used: what runs it is not known"),
            shell -> assertThat(shell).contains("not executable (expected: chmod +x)"),
            template -> assertThat(template).contains("(expected: --functions " + directory));
  }

  @Test
  void passesOverWhatLiesBesideFunctionsAnyway() throws Exception {
    for (String file :
        new String[] {
          ".env",
          ".venv/lib.py",
          "README.md",
          "__pycache__/x.pyc",
          "node_modules/x/index.js",
          "package.json",
          "requirements.txt"
        }) {
      folder.write(file);
    }

    FunctionsConfiguration read = folder.read(".");

    assertThat(read.routes()).isEmpty();
    assertThat(read.warnings()).isEmpty();
  }
}
