package dev.pglambda.sql;

import static dev.pglambda.sql.ExtensionStatement.Kind.ALTER_SET_SCHEMA;
import static dev.pglambda.sql.ExtensionStatement.Kind.ALTER_UPDATE;
import static dev.pglambda.sql.ExtensionStatement.Kind.COMMENT;
import static dev.pglambda.sql.ExtensionStatement.Kind.CREATE;
import static dev.pglambda.sql.ExtensionStatement.Kind.DROP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExtensionStatementsTest {

  static Stream<Arguments> recognised() {
    return Stream.of(
        arguments("CREATE EXTENSION aws_lambda", create("aws_lambda", null, null, false)),
        arguments("create extension AWS_Commons", create("aws_commons", null, null, false)),
        arguments("CREATE EXTENSION \"aws_lambda\"", create("aws_lambda", null, null, false)),
        arguments(
            "CREATE EXTENSION U&\"aws\\005flambda\"", create("aws_lambda", null, null, false)),
        arguments("CREATE EXTENSION aws_lambda CASCADE", create("aws_lambda", null, null, true)),
        arguments("CREATE EXTENSION aws_lambda WITH", create("aws_lambda", null, null, false)),
        arguments(
            "CREATE/**/EXTENSION--\naws_lambda/*;*/WITH\tCASCADE",
            create("aws_lambda", null, null, true)),
        arguments(
            "CREATE EXTENSION aws_lambda WITH SCHEMA Public",
            create("aws_lambda", "public", null, false)),
        arguments(
            "CREATE EXTENSION aws_lambda SCHEMA \"My S\"",
            create("aws_lambda", "My S", null, false)),
        arguments(
            "CREATE EXTENSION aws_lambda SCHEMA version",
            create("aws_lambda", "version", null, false)),
        arguments(
            "CREATE EXTENSION aws_lambda SCHEMA \"select\"",
            create("aws_lambda", "select", null, false)),
        arguments(
            "CREATE EXTENSION aws_lambda VERSION '1.0'", create("aws_lambda", null, "1.0", false)),
        arguments(
            "CREATE EXTENSION aws_lambda VERSION E'1\\x2e0'",
            create("aws_lambda", null, "1.0", false)),
        arguments(
            "CREATE EXTENSION aws_lambda VERSION U&'1!002E0' UESCAPE '!'",
            create("aws_lambda", null, "1.0", false)),
        arguments(
            "CREATE EXTENSION aws_lambda VERSION $v$1.0$v$",
            create("aws_lambda", null, "1.0", false)),
        arguments(
            "CREATE EXTENSION aws_lambda VERSION '1.'\n'0'",
            create("aws_lambda", null, "1.0", false)),
        arguments(
            "CREATE EXTENSION aws_lambda VERSION One", create("aws_lambda", null, "one", false)),
        arguments(
            "CREATE EXTENSION aws_lambda VERSION \"1.0\"",
            create("aws_lambda", null, "1.0", false)),
        arguments(
            "CREATE EXTENSION aws_lambda VERSION left", create("aws_lambda", null, "left", false)),
        arguments(
            "CREATE EXTENSION aws_lambda CASCADE VERSION '1.0' SCHEMA s",
            create("aws_lambda", "s", "1.0", true)),
        arguments(
            "CREATE EXTENSION IF NOT EXISTS aws_lambda WITH SCHEMA public CASCADE",
            new ExtensionStatement(
                CREATE, List.of("aws_lambda"), true, "public", null, true, 0, 0, 0)),
        arguments("ALTER EXTENSION aws_lambda UPDATE", update("aws_lambda", null)),
        arguments("alter extension \"aws_commons\" update to '1.2'", update("aws_commons", "1.2")),
        arguments("ALTER EXTENSION aws_lambda UPDATE TO \"1.1\"", update("aws_lambda", "1.1")),
        arguments("alter extension AWS_COMMONS set schema S", setSchema("aws_commons", "s")),
        arguments("ALTER EXTENSION aws_lambda SET SCHEMA \"S\"", setSchema("aws_lambda", "S")),
        arguments("COMMENT ON EXTENSION aws_lambda IS 'x'", comment("aws_lambda")),
        arguments("comment/**/on extension \"aws_commons\" is null", comment("aws_commons")),
        arguments("COMMENT ON EXTENSION aws_lambda IS E'it\\'s'", comment("aws_lambda")),
        arguments("COMMENT ON EXTENSION aws_lambda IS $c$x$c$", comment("aws_lambda")),
        arguments("DROP EXTENSION aws_lambda", drop(false, false, "aws_lambda")),
        arguments("DROP EXTENSION aws_lambda RESTRICT", drop(false, false, "aws_lambda")),
        arguments("DROP EXTENSION aws_lambda CASCADE", drop(false, true, "aws_lambda")),
        arguments(
            "drop extension if exists Hstore, \"aws_lambda\" , \"A,b\" cascade",
            drop(true, true, "hstore", "aws_lambda", "A,b")));
  }

  @ParameterizedTest
  @MethodSource("recognised")
  void recognises(String text, ExtensionStatement expected) {
    ExtensionStatement withEnd =
        new ExtensionStatement(
            expected.kind(),
            expected.extensions(),
            expected.conditional(),
            expected.schema(),
            expected.version(),
            expected.cascade(),
            0,
            0,
            text.length());

    assertThat(ExtensionStatements.find(new SqlText(text, true))).containsExactly(withEnd);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "SELECT 'CREATE EXTENSION aws_lambda'",
        "/* CREATE EXTENSION aws_lambda */",
        "DO $$ BEGIN CREATE EXTENSION aws_lambda; END $$",
        "EXPLAIN CREATE EXTENSION aws_lambda",
        "CREATE EXTENSION",
        "CREATE EXTENSION dblink",
        "CREATE EXTENSION aws_lambdas",
        "CREATE EXTENSION 'aws_lambda'",
        "CREATE EXTENSION \"AWS_LAMBDA\"",
        "CREATE EXTENSION \"aws_lambda \"",
        "CREATE EXTENSION pg_catalog.aws_lambda",
        "CREATE EXTENSION aws_lambda.x",
        "CREATE EXTENSION aws_lambda, aws_commons",
        "CREATE EXTENSION IF EXISTS aws_lambda",
        "CREATE EXTENSION IF NOT EXISTS",
        "CREATE EXTENSION aws_lambda IF NOT EXISTS",
        "CREATE OR REPLACE EXTENSION aws_lambda",
        "CREATE \"extension\" aws_lambda",
        "CREATE EXTENSION aws_lambda CASCADE WITH",
        "CREATE EXTENSION aws_lambda WITH WITH",
        "CREATE EXTENSION aws_lambda RESTRICT",
        "CREATE EXTENSION aws_lambda SCHEMA",
        "CREATE EXTENSION aws_lambda SCHEMA 'public'",
        "CREATE EXTENSION aws_lambda SCHEMA select",
        "CREATE EXTENSION aws_lambda SCHEMA select CASCADE",
        "CREATE EXTENSION aws_lambda SCHEMA left",
        "CREATE EXTENSION aws_lambda SCHEMA \"\"",
        "CREATE EXTENSION aws_lambda SCHEMA a.b",
        "CREATE EXTENSION aws_lambda VERSION",
        "CREATE EXTENSION aws_lambda VERSION 1.0",
        "CREATE EXTENSION aws_lambda VERSION user",
        "CREATE EXTENSION aws_lambda VERSION N'1.0'",
        "CREATE EXTENSION aws_lambda VERSION E'\\u00e9'",
        "CREATE EXTENSION aws_lambda VERSION 'a' 'b'",
        "CREATE EXTENSION aws_lambda FROM '0.9'",
        "CREATE EXTENSION aws_lambda FROM unpackaged VERSION '1.0'",
        "CREATE EXTENSION aws_lambda CASCADE CASCADE",
        "CREATE EXTENSION aws_lambda SCHEMA a SCHEMA b",
        "CREATE EXTENSION aws_lambda VERSION '1' CASCADE VERSION '1'",
        "CREATE EXTENSION aws_lambda \"cascade\"",
        "CREATE EXTENSION aws_lambda \u00a0",
        "CREATE EXTENSION aws_lambda; SELECT '",
        "CREATE EXTENSION aws_lambda; SELECT (1",
        "(CREATE EXTENSION aws_lambda)",
        "DROP EXTENSION hstore",
        "DROP EXTENSION IF EXISTS",
        "DROP EXTENSION IF NOT EXISTS aws_lambda",
        "DROP EXTENSION aws_lambda CASCADE RESTRICT",
        "DROP EXTENSION aws_lambda hstore",
        "DROP EXTENSION aws_lambda,",
        "DROP EXTENSION aws_lambda, select",
        "DROP EXTENSION aws_lambda, 'hstore'",
        "DROP EXTENSION \"AWS_LAMBDA\"",
        "DROP SCHEMA aws_lambda",
        "COMMENT ON EXTENSION aws_lambda",
        "COMMENT ON EXTENSION aws_lambda IS",
        "COMMENT ON EXTENSION aws_lambda IS 1",
        "COMMENT ON EXTENSION aws_lambda IS N'x'",
        "COMMENT ON EXTENSION aws_lambda IS E'\\u12'",
        "COMMENT ON EXTENSION aws_lambda, aws_commons IS 'x'",
        "COMMENT ON SCHEMA aws_lambda IS 'x'",
        "ALTER EXTENSION aws_lambda SET SCHEMA",
        "ALTER EXTENSION aws_lambda SET SCHEMA select",
        "ALTER EXTENSION aws_lambda SET SCHEMA a.b",
        "ALTER EXTENSION aws_lambda SET SCHEMA s CASCADE",
        "ALTER EXTENSION aws_lambda SET search_path = s",
        "ALTER EXTENSION aws_lambda ADD TABLE t",
        "ALTER EXTENSION IF NOT EXISTS aws_lambda UPDATE",
        "ALTER EXTENSION aws_lambda UPDATE '1.0'",
        "ALTER EXTENSION aws_lambda UPDATE TO",
        "ALTER EXTENSION aws_lambda UPDATE TO 1.0",
        "ALTER EXTENSION aws_lambda UPDATE TO '1' TO '1'",
        "ALTER EXTENSION aws_lambda UPDATE CASCADE",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC CREATE EXTENSION aws_lambda; END"
      })
  void leavesAllElseToPostgres(String text) {
    assertThat(ExtensionStatements.find(new SqlText(text, true))).isEmpty();
  }

  @Test
  void countsStatementsThatAreNotEmpty() {
    String text =
        ";SELECT 1; ; CREATE EXTENSION aws_commons ;\n"
            + "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);"
            + "CREATE EXTENSION aws_lambda";

    List<ExtensionStatement> found = ExtensionStatements.find(new SqlText(text, true));

    assertThat(found).extracting(ExtensionStatement::statementIndex).containsExactly(1, 3);
    assertThat(found)
        .extracting(statement -> text.substring(statement.start(), statement.end()))
        .containsExactly("CREATE EXTENSION aws_commons", "CREATE EXTENSION aws_lambda");
  }

  @Test
  void readsStringsAsTheSessionDoes() {
    String text = "SELECT '\\'; CREATE EXTENSION aws_lambda; SELECT '\\''";

    assertThat(ExtensionStatements.find(new SqlText(text, true))).isEmpty();
    assertThat(ExtensionStatements.find(new SqlText(text, false))).isEmpty();
    assertThat(
            ExtensionStatements.find(new SqlText("SELECT '\\'; CREATE EXTENSION aws_lambda", true)))
        .hasSize(1);
    assertThat(
            ExtensionStatements.find(
                new SqlText("SELECT '\\''; CREATE EXTENSION aws_lambda", false)))
        .hasSize(1);
  }

  private static ExtensionStatement create(
      String extension, @Nullable String schema, @Nullable String version, boolean cascade) {
    return new ExtensionStatement(
        CREATE, List.of(extension), false, schema, version, cascade, 0, 0, 0);
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

  private static ExtensionStatement drop(boolean ifExists, boolean cascade, String... extensions) {
    return new ExtensionStatement(
        DROP, List.of(extensions), ifExists, null, null, cascade, 0, 0, 0);
  }
}
