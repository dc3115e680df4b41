package dev.pglambda.extension;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.sql.SqlText;
import dev.pglambda.sql.ViewReferences;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AvailableExtensionsTest {

  @ParameterizedTest
  @ValueSource(strings = {"pg_available_extensions", "pg_available_extension_versions"})
  void canStandInAnyQuotesAndIsNotReplacedItself(String view) {
    String query = ExtensionInstaller.availableExtensions(view);

    assertThat(query).doesNotContain("\n", "'", "\"", "\\", "$$", "--", "*/", ";", "{{");
    assertThat(query).contains("$pglambda$1.2$pglambda$", "$pglambda$AWS Lambda integration$");
    assertThat(ViewReferences.find(new SqlText("SELECT 1 FROM (" + query + ") AS x", true)))
        .isEmpty();
  }
}
