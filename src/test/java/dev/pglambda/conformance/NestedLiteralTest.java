package dev.pglambda.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NestedLiteralTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(f,us-west-2)",
        "(f,)",
        "(,)",
        "()",
        "(\"\",\"a b\")",
        "(\"a\"\"b\\\\c,(d)\",'e')"
      })
  void writesTheCompositeThatItReads(String literal) {
    assertThat(NestedLiteral.composite(NestedLiteral.fields(literal))).isEqualTo(literal);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{}", "{a}", "{a,NULL,\"NULL\",\"\"}", "{\"a b\",\"c\\\"d\\\\e\",\"{f}\",'g'}"})
  void writesTheArrayThatItReads(String literal) {
    assertThat(NestedLiteral.array(NestedLiteral.elements(literal))).isEqualTo(literal);
  }

  @Test
  void tellsNullFromText() {
    assertThat(NestedLiteral.fields("(,\"\",NULL)")).containsExactly(null, "", "NULL");
    assertThat(NestedLiteral.elements("{null,\"null\",nullify}"))
        .containsExactly(null, "null", "nullify");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "(a", "(\"a)", "((a),b)"})
  void refusesWhatIsNoComposite(String literal) {
    assertThatThrownBy(() -> NestedLiteral.fields(literal))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesAnArrayOfTwoDimensions() {
    assertThatThrownBy(() -> NestedLiteral.elements("{{a},{b}}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("one dimension");
  }
}
