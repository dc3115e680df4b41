package dev.pglambda.lambda.project;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SourceFileTest {
  @TempDir Path directory;

  private SourceValue read(String name, String text) throws Exception {
    return SourceFile.read(Files.writeString(directory.resolve(name), text));
  }

  private String json(String yaml) throws Exception {
    return read("file.yaml", yaml).toJson().toString();
  }

  @Test
  void takesForNumbersAndTruthValuesWhatJsonTakes() throws Exception {
    assertThat(
            json(
                "[1, -2.5, 1e3, 0x1F, 012345678901, 1_000, yes, on, true, ~, '1', 2024-01-01, !!str 5]"))
        .isEqualTo(
            "[1,-2.5,1E+3,\"0x1F\",\"012345678901\",\"1_000\",\"yes\",\"on\",true,null,\"1\","
                + "\"2024-01-01\",\"5\"]");
  }

  @Test
  void knowsTheLineOfEachKeyAndElement() throws Exception {
    SourceValue yaml = read("file.yaml", "a:\n  b:\n    - x\n    - y\n");
    SourceValue json = read("file.json", "{\"a\":\n {\"b\":\n [\"x\",\n\t\"y\"]}}");

    for (SourceValue root : new SourceValue[] {yaml, json}) {
      SourceValue list = Objects.requireNonNull(root.get("a", "b"));
      assertThat(list.place()).endsWith(":2");
      assertThat(list.elements().get(1).place()).endsWith(":4");
    }
  }

  @Test
  void followsAnchorsAndMerges() throws Exception {
    assertThat(json("base: &b {x: 1, y: 2}\nname: &n hi\nsame: *n\nown:\n  <<: *b\n  y: 3\n"))
        .isEqualTo(
            "{\"base\":{\"x\":1,\"y\":2},\"name\":\"hi\",\"same\":\"hi\",\"own\":{\"y\":3,\"x\":1}}");
  }

  @Test
  void readsTheShortTagsOfCloudFormationAsTheirLongForm() throws Exception {
    assertThat(json("[!Ref A, !GetAtt A.B.C, !Join ['-', [a]], !Sub 'x${A}', !Condition C]"))
        .isEqualTo(
            "[{\"Ref\":\"A\"},{\"Fn::GetAtt\":[\"A\",\"B.C\"]},{\"Fn::Join\":[\"-\",[\"a\"]]},"
                + "{\"Fn::Sub\":\"x${A}\"},{\"Condition\":\"C\"}]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a: [\\n|2: syntax: |(expected: YAML)",
        "a: 1\\nb: 2\\na: 3|3: key: \"a\" a second time|(expected: once)",
        "a: &x [*x]|1: aliases: they make too much|100 levels)",
        "a: *nobody|1: syntax: |undefined alias",
        "? [a]\\n: b|1: key: a list or map|(expected: text)",
        "# nothing|1: content: none|(expected: a map)",
      })
  void refusesYamlWithItsLine(String text, String place, String reason) {
    assertThatThrownBy(() -> json(text.replace("\\n", "\n")))
        .isInstanceOf(FunctionsException.class)
        .hasMessageContaining("file.yaml:" + place)
        .hasMessageContaining(reason);
  }

  @Test
  void refusesAliasesThatMultiplyEachOther() {
    StringBuilder laughs = new StringBuilder("l0: &l0 [a, a]\n");
    for (int i = 1; i < 25; i++) {
      laughs.append("l%d: &l%d [*l%d, *l%d]\n".formatted(i, i, i - 1, i - 1));
    }

    assertThatThrownBy(() -> json(laughs.toString()))
        .isInstanceOf(FunctionsException.class)
        .hasMessageContaining("aliases: they make too much of the file");
  }

  @Test
  void refusesALargeFile() {
    assertThatThrownBy(() -> json("a: " + "x".repeat(1 << 20)))
        .hasMessageEndingWith("size: more than 1048576 bytes (expected: at most that)");
  }

  @Test
  void refusesJsonWithItsLine() {
    assertThatThrownBy(() -> read("file.json", "{\n\"a\": 1,\n\"a\": 2}"))
        .hasMessageEndingWith("file.json:3: key: \"a\" a second time (expected: once)");
    assertThatThrownBy(() -> read("file.json", "{\n\n\"a\": nope}"))
        .hasMessageContaining("file.json:3: syntax: ");
    assertThatThrownBy(() -> read("file.json", "{}\n{}"))
        .hasMessageEndingWith("file.json:2: content: more than one value (expected: one)");
  }

  @Test
  void refusesWhatIsNotUtf8() throws Exception {
    Path file = Files.write(directory.resolve("file.yaml"), new byte[] {'a', (byte) 0xE9});

    assertThatThrownBy(() -> SourceFile.read(file))
        .hasMessageEndingWith("encoding: not UTF-8 (expected: UTF-8)");
  }
}
