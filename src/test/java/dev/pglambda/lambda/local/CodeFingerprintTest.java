package dev.pglambda.lambda.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CodeFingerprintTest {
  @TempDir Path root;

  @BeforeEach
  void writeAFunction() throws Exception {
    for (String file :
        new String[] {
          "app.py",
          "lib/part.py",
          ".git/HEAD",
          "__pycache__/app.pyc",
          "node_modules/.package-lock.json",
          "node_modules/one/index.js",
          "node_modules/@of/two/index.js",
          "node_modules/.cache/x",
          ".venv/lib/python3.11/site-packages/one.py",
          ".venv/lib/python3.11/site-packages/two/__init__.py"
        }) {
      write(file);
    }
  }

  private void write(String name) throws Exception {
    Path file = root.resolve(name);
    Files.createDirectories(Objects.requireNonNull(file.getParent()));
    Files.writeString(file, name);
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000));
  }

  @Test
  void staysWhileNothingChanges() {
    assertThat(CodeFingerprint.of(root)).isEqualTo(CodeFingerprint.of(root));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "app.py",
        "lib/part.py",
        "lib/new.json",
        "node_modules/.package-lock.json",
        "node_modules/three/index.js",
        "node_modules/@of/four/index.js",
        ".venv/lib/python3.11/site-packages/three.dist-info/RECORD"
      })
  void changesWithTheCodeAndWithWhatIsInstalled(String file) throws Exception {
    long before = CodeFingerprint.of(root);

    // by another file with the same size and time, as editors do
    write("new");
    Files.createDirectories(Objects.requireNonNull(root.resolve(file).getParent()));
    Files.move(
        root.resolve("new"), root.resolve(file), java.nio.file.StandardCopyOption.REPLACE_EXISTING);

    assertThat(CodeFingerprint.of(root)).isNotEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ".git/HEAD",
        ".swp",
        "__pycache__/new.pyc",
        "node_modules/.cache/y",
        ".venv/lib/python3.11/site-packages/two/__pycache__/x.pyc"
      })
  void ignoresWhatIsNoCode(String file) throws Exception {
    long before = CodeFingerprint.of(root);

    Files.createDirectories(Objects.requireNonNull(root.resolve(file).getParent()));
    Files.writeString(root.resolve(file), "changed");

    assertThat(CodeFingerprint.of(root)).isEqualTo(before);
  }

  @Test
  void looksAtItsOwnFilesBeforeAllThatIsInstalledBeside() throws Exception {
    for (int i = 0; i < 50; i++) {
      for (int j = 0; j < 100; j++) {
        write("package" + i + "/" + j);
      }
    }
    for (String file : new String[] {"app.py", "aaa.py", "zzz.py"}) {
      write(file);
      long before = CodeFingerprint.of(root);
      Files.writeString(root.resolve(file), "changed");

      assertThat(CodeFingerprint.of(root)).isNotEqualTo(before);
    }
  }

  @Test
  void countsTheFilesBesideAFile() throws Exception {
    long before = CodeFingerprint.of(root.resolve("app.py"));
    write("beside.py");

    assertThat(CodeFingerprint.of(root.resolve("app.py"))).isNotEqualTo(before);
  }
}
