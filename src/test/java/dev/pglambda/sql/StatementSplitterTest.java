package dev.pglambda.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatementSplitterTest {
  private static final String BODY = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC ";

  static Stream<Arguments> splits() {
    return Stream.of(
        arguments("", List.of()),
        arguments(" ; ;/* ; */;-- ;\n;", List.of()),
        arguments("SELECT 1", List.of("SELECT 1")),
        arguments("SELECT 1;", List.of("SELECT 1")),
        arguments(" SELECT 1 ; /* a */ SELECT 2 -- b", List.of("SELECT 1", "SELECT 2")),
        arguments("SELECT ';', \";\", $$;$$;x", List.of("SELECT ';', \";\", $$;$$", "x")),
        arguments(
            "BEGIN; SELECT 1; END; SELECT 2", List.of("BEGIN", "SELECT 1", "END", "SELECT 2")),
        arguments(
            "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT (2);); SELECT 3",
            List.of("CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT (2);)", "SELECT 3")),
        arguments(
            "CREATE SCHEMA s CREATE TABLE t (a int) CREATE VIEW v AS SELECT 1; SELECT 2",
            List.of(
                "CREATE SCHEMA s CREATE TABLE t (a int) CREATE VIEW v AS SELECT 1", "SELECT 2")),
        arguments(
            BODY + "SELECT 1; SELECT 2; END; SELECT 3",
            List.of(BODY + "SELECT 1; SELECT 2; END", "SELECT 3")),
        arguments(BODY + "END; SELECT 3", List.of(BODY + "END", "SELECT 3")),
        arguments(BODY + ";; END; SELECT 3", List.of(BODY + ";; END", "SELECT 3")),
        arguments(
            "create or/**/replace procedure p() begin/**/atomic insert into t values (1); end;x",
            List.of(
                "create or/**/replace procedure p() begin/**/atomic insert into t values (1); end",
                "x")),
        // END elsewhere than at the start of a statement of the body
        arguments(
            BODY + "SELECT CASE WHEN true THEN 1 END; SELECT 1 end; SELECT a.end FROM a; END; x",
            List.of(
                BODY + "SELECT CASE WHEN true THEN 1 END; SELECT 1 end; SELECT a.end FROM a; END",
                "x")),
        arguments(
            BODY + "SELECT begin atomic FROM t; END; x",
            List.of(BODY + "SELECT begin atomic FROM t; END", "x")),
        arguments(
            BODY + "CREATE PROCEDURE p() BEGIN ATOMIC SELECT 1; END; SELECT 2; END; x",
            List.of(BODY + "CREATE PROCEDURE p() BEGIN ATOMIC SELECT 1; END; SELECT 2; END", "x")),
        arguments(
            BODY + "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; END; SELECT 2); END; x",
            List.of(
                BODY + "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; END; SELECT 2); END", "x")),
        // Names that look like the beginning of a body
        arguments(
            "CREATE FUNCTION begin(atomic int) RETURNS int LANGUAGE sql RETURN 1; SELECT 2; END",
            List.of(
                "CREATE FUNCTION begin(atomic int) RETURNS int LANGUAGE sql RETURN 1",
                "SELECT 2",
                "END")),
        arguments(
            "CREATE FUNCTION f() RETURNS begin BEGIN ATOMIC SELECT 1; END; x",
            List.of("CREATE FUNCTION f() RETURNS begin BEGIN ATOMIC SELECT 1; END", "x")),
        arguments(
            "SELECT begin atomic FROM t; x; END",
            List.of("SELECT begin atomic FROM t", "x", "END")),
        arguments(
            "CREATE VIEW function AS SELECT begin atomic; x",
            List.of("CREATE VIEW function AS SELECT begin atomic", "x")),
        arguments(
            "CREATE \"function\" f BEGIN ATOMIC; x",
            List.of("CREATE \"function\" f BEGIN ATOMIC", "x")),
        arguments("(SELECT 1); )x; END", List.of("(SELECT 1)", ")x", "END")));
  }

  @ParameterizedTest
  @MethodSource("splits")
  void splitsAsTheGrammarDoes(String text, List<String> statements) {
    List<Statement> split = new SqlText(text, true).statements();

    assertThat(split)
        .extracting(statement -> text.substring(statement.start(), statement.end()))
        .isEqualTo(statements);
    assertThat(split).allMatch(Statement::complete);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x; SELECT '",
        "x; SELECT (1; 2",
        "x; SELECT 1 /*",
        "x; " + BODY + "SELECT 1;",
        "x; $$"
      })
  void saysThatTheTextEndsWithinAStatement(String text) {
    assertThat(new SqlText(text, true).statements())
        .extracting(Statement::complete)
        .containsExactly(true, false);
  }
}
