package dev.pglambda.extension;

import static dev.pglambda.sql.ExtensionStatement.Kind.ALTER_SET_SCHEMA;
import static dev.pglambda.sql.ExtensionStatement.Kind.ALTER_UPDATE;
import static dev.pglambda.sql.ExtensionStatement.Kind.COMMENT;
import static dev.pglambda.sql.ExtensionStatement.Kind.CREATE;
import static dev.pglambda.sql.ExtensionStatement.Kind.DROP;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.sql.ExtensionStatement;
import dev.pglambda.sql.TextFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExtensionInstallerTest {
  /** Comment, quoted identifier, string, dollar quote: what may hide the end of another. */
  private static final Pattern LEXEME =
      Pattern.compile(
          "(?s)--[^\n"
              + "]*|/\\*.*?\\*/|\"[^\"]*\"|'[^']*'|(\\$[A-Za-z_][A-Za-z_0-9]*\\$|\\$\\$)(.*?)\\1");

  private final ExtensionInstaller installer = new ExtensionInstaller(TrustedRoles.of(List.of()));

  static Stream<ExtensionStatement> statements() {
    return Stream.of("aws_commons", "aws_lambda")
        .flatMap(
            extension ->
                Stream.of(
                    create(extension, null, null),
                    create(extension, "other", "1.0"),
                    update(extension, null),
                    update(extension, "2.0"),
                    setSchema(extension, "other"),
                    comment(extension),
                    drop(extension)));
  }

  @ParameterizedTest
  @MethodSource("statements")
  void makesOneStatementOfAnyOther(ExtensionStatement statement) {
    // When
    String block = installer.install(statement, "CREATE EXTENSION whatever");

    // Then
    assertThat(block).startsWith(TextFormat.BLOCK_START).doesNotContain("{{");
    Matcher quoted = LEXEME.matcher(block);
    assertThat(quoted.find()).isTrue();
    assertThat(quoted.start()).isEqualTo("DO ".length());
    assertThat(quoted.end()).isEqualTo(block.length());
    assertThat(quotesLeftOpen(quoted.group(2))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("statements")
  void readsTheSameUnderAnyEncodingAndAnyEscapeSetting(ExtensionStatement statement) {
    String block = installer.install(statement, "CREATE EXTENSION whatever");

    assertThat(US_ASCII.newEncoder().canEncode(block)).isTrue();
    assertThat(block).doesNotContain("\\");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "create extension aws_lambda /* $pglambda_do$ $pglambda$ */",
        "create extension aws_lambda -- it's; \\ $$ \u00e9\n",
        "CREATE EXTENSION aws_lambda VERSION $pglambda_do_2$1.0$pglambda_do_2$"
      })
  void carriesTheStatementItselfWhateverItsTextIs(String text) {
    // When
    String block = installer.install(create("aws_lambda", null, "1.0"), text);

    // Then
    Matcher quoted = LEXEME.matcher(block);
    assertThat(quoted.find()).isTrue();
    assertThat(quoted.end()).isEqualTo(block.length());
    assertThat(literalAfter("statement constant pg_catalog.text := ", quoted.group(2)))
        .isEqualTo(TextFormat.CURRENT.mark() + text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"it's", "we\"ird", "$pglambda$", "a;b", "{{version}}"})
  void quotesNames(String name) {
    String block = installer.install(create("aws_lambda", name, name), "CREATE EXTENSION x");

    assertThat(literalAfter("given_schema constant pg_catalog.text := ", block)).isEqualTo(name);
    assertThat(literalAfter("given_version constant pg_catalog.text := ", block)).isEqualTo(name);
    assertThat(installer.install(setSchema("aws_lambda", name), "ALTER EXTENSION x"))
        .contains("nspname = " + SqlTemplate.literal(name));
    assertThat(installer.install(drop(name, "aws_lambda"), "DROP EXTENSION x"))
        .contains("ARRAY[" + SqlTemplate.literal(name) + ", $pglambda$aws_lambda$pglambda$]");
  }

  @Test
  void storesWhatTheProxyOffers() {
    for (ExtensionStatement statement :
        new ExtensionStatement[] {create("aws_lambda", null, null), update("aws_lambda", null)}) {
      assertThat(installer.install(statement, "CREATE EXTENSION aws_lambda"))
          .contains("FETCH offer INTO offered");
    }
  }

  @Test
  void keepsAwsLambdaOutOfABlockForAwsCommons() {
    String block =
        installer.install(create("aws_commons", null, null), "CREATE EXTENSION aws_commons");

    assertThat(block).doesNotContain("pglambda.settings", "dblink");
  }

  private static String literalAfter(String start, String block) {
    Matcher literal = LEXEME.matcher(block);
    assertThat(literal.find(block.indexOf(start) + start.length())).isTrue();
    return literal.group(2);
  }

  /** What remains of the quote characters when all that is well-formed is taken out. */
  private static String quotesLeftOpen(String body) {
    return LEXEME.matcher(body).replaceAll("").replaceAll("[^'\"$]", "");
  }

  private static ExtensionStatement create(
      String extension, @Nullable String schema, @Nullable String version) {
    return new ExtensionStatement(CREATE, List.of(extension), true, schema, version, true, 0, 0, 0);
  }

  private static ExtensionStatement update(String extension, @Nullable String version) {
    return new ExtensionStatement(
        ALTER_UPDATE, List.of(extension), false, null, version, false, 0, 0, 0);
  }

  private static ExtensionStatement setSchema(String extension, String schema) {
    return new ExtensionStatement(
        ALTER_SET_SCHEMA, List.of(extension), false, schema, null, false, 0, 0, 0);
  }

  private static ExtensionStatement comment(String extension) {
    return new ExtensionStatement(COMMENT, List.of(extension), false, null, null, false, 0, 0, 0);
  }

  private static ExtensionStatement drop(String... extensions) {
    return new ExtensionStatement(DROP, List.of(extensions), true, null, null, true, 0, 0, 0);
  }
}
