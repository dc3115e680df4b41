package dev.pglambda.intercept;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.ErrorFields;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InstallationHintTest {
  @ParameterizedTest
  @CsvSource({
    "3F000, schema \"aws_lambda\" does not exist",
    "3F000, schema \"aws_commons\" does not exist",
    "3F000, le schéma « aws_lambda » n'existe pas"
  })
  void tellsHowToInstallWhatIsMissing(String sqlState, String message) {
    ErrorFields fields = error(sqlState, message);

    assertThat(InstallationHint.add(fields, true)).isTrue();
    assertThat(fields.get(ErrorFields.HINT)).contains("CREATE EXTENSION aws_lambda CASCADE");
  }

  @ParameterizedTest
  @CsvSource({
    "3F000, schema \"app\" does not exist",
    "42P01, relation \"aws_lambda.t\" does not exist"
  })
  void leavesOtherErrorsAlone(String sqlState, String message) {
    ErrorFields fields = error(sqlState, message);

    assertThat(InstallationHint.add(fields, true)).isFalse();
    assertThat(fields.get(ErrorFields.HINT)).isNull();
  }

  @Test
  void namesTheOptionToARoleThatMayNotInstall() {
    ErrorFields fields = error("3F000", "schema \"aws_lambda\" does not exist");

    assertThat(InstallationHint.add(fields, false)).isTrue();
    assertThat(fields.get(ErrorFields.HINT)).contains("--trusted-roles").doesNotContain("Run");
  }

  @Test
  void tellsOfCallsInsideFunctions() {
    ErrorFields fields = missing().with(ErrorFields.INTERNAL_POSITION, "8");

    assertThat(InstallationHint.add(fields, true)).isTrue();
  }

  @Test
  void leavesStatementsAboutTheSchemaItselfAlone() {
    ErrorFields fields = missing();

    assertThat(InstallationHint.add(fields, true)).isFalse();
    assertThat(fields.get(ErrorFields.HINT)).isNull();
  }

  @Test
  void leavesTheServersOwnHint() {
    ErrorFields fields = missing().with(ErrorFields.POSITION, "8").with(ErrorFields.HINT, "mine");

    assertThat(InstallationHint.add(fields, true)).isFalse();
    assertThat(fields.get(ErrorFields.HINT)).isEqualTo("mine");
  }

  private static ErrorFields missing() {
    return ErrorFields.fatal("3F000", "schema \"aws_lambda\" does not exist");
  }

  private static ErrorFields error(String sqlState, String message) {
    return ErrorFields.fatal(sqlState, message).with(ErrorFields.POSITION, "8");
  }
}
