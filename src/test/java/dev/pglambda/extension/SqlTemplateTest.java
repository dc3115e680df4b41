package dev.pglambda.extension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SqlTemplateTest {

  @Test
  void readsNoPlacesInWhatIsFilledIn() {
    // Given
    SqlTemplate template = SqlTemplate.named("dblink_bindings.sql");

    // When
    String sql =
        template.fill(
            Map.of("library", "{{missing}}", "extension", "$1", "missing", "{{library}}"));

    // Then
    assertThat(sql).contains("THEN {{missing}}", "format($1,", "ELSE {{library}} END;");
  }

  @Test
  void refusesToLeaveAPlaceOpen() {
    SqlTemplate template = SqlTemplate.named("dblink_bindings.sql");

    assertThatThrownBy(() -> template.fill(Map.of("library", "x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("dblink_bindings.sql: no value for {{extension}}");
  }

  @Test
  void writesNullForNothing() {
    assertThat(SqlTemplate.literal(null)).isEqualTo("NULL");
    assertThat(SqlTemplate.literal("")).isEqualTo("$pglambda$$pglambda$");
  }

  @ParameterizedTest
  @ValueSource(strings = {"$tag$", "a $tag b", "$tag_2$ $tag", "$tag$; DROP TABLE t; $tag_2$"})
  void takesATagThatTheTextDoesNotHave(String text) {
    // When
    String quoted = SqlTemplate.dollarQuoted(text, "tag");

    // Then
    String tag = quoted.substring(0, quoted.indexOf('$', 1) + 1);
    assertThat(quoted).isEqualTo(tag + text + tag);
    assertThat(text).doesNotContain(tag);
  }
}
