package dev.pglambda.intercept;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.sql.NestedBlock;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class NestedBlockErrorsTest {
  private static final String STATEMENT = "CREATE EXTENSION aws_lambda";

  /** What the block executes, ending as the block has it end. */
  private static final String EXECUTED = "DO $pglambda_do$\nBEGIN\n ..\nEND\n$pglambda_do$";

  private final ErrorFields error = ErrorFields.fatal("42710", "already exists");

  private static String block(String statement) {
    return requireNonNull(NestedBlock.of(statement, statement, EXECUTED));
  }

  private static String inEnglish(String statement, String tail) {
    return """
    PL/pgSQL function inline_code_block line 3 at RAISE
    SQL statement "%s
    --pglambda PL/pgSQL function inline_code_block line 1 at SQL statement pglambda--"
    PL/pgSQL function inline_code_block line 1 at EXECUTE
    SQL statement "%s"
    """
            .formatted(EXECUTED, block(statement))
        + tail;
  }

  private void assertContext(String context, String expected) {
    error.with(ErrorFields.CONTEXT, context);
    assertThat(NestedBlockErrors.restore(error, ClientEncoding.UTF8)).isTrue();
    assertThat(error.get(ErrorFields.CONTEXT)).isEqualTo(expected);
  }

  @Test
  void isThatOfTheStatementInPlpgsql() {
    assertContext(
        inEnglish(
            STATEMENT,
            """
            PL/pgSQL function "DO"() line 3 at DO
            SQL statement "SELECT f()"
            PL/pgSQL function inline_code_block line 9 at DO\
            """),
        """
        SQL statement "CREATE EXTENSION aws_lambda"
        PL/pgSQL function "DO"() line 3 at SQL statement
        SQL statement "SELECT f()"
        PL/pgSQL function inline_code_block line 9 at DO\
        """);
  }

  @Test
  void isThatOfAStatementOnSeveralLines() {
    String statement = "CREATE EXTENSION\n  aws_lambda -- DO\n  /* DO\nit */";
    assertContext(
        inEnglish(statement, "PL/pgSQL function f() line 3 at DO"),
        "SQL statement \"" + statement + "\"\nPL/pgSQL function f() line 3 at SQL statement");
  }

  @Test
  void hasTheServersOwnWordsInAnyLanguage() {
    // Words of the server's German and of a language that puts something behind.
    assertContext(
        utf8(
            """
            PL/pgSQL-Funktion inline_code_block Zeile 3 bei RAISE
            SQL-Anweisung »%s
            --pglambda PL/pgSQL-Funktion inline_code_block Zeile 1 bei SQL-Anweisung pglambda--«
            PL/pgSQL-Funktion inline_code_block Zeile 1 bei EXECUTE
            SQL-Anweisung »%s«
            PL/pgSQL-Funktion f() Zeile 3 bei DO\
            """
                .formatted(EXECUTED, block(STATEMENT))),
        utf8(
            """
            SQL-Anweisung »CREATE EXTENSION aws_lambda«
            PL/pgSQL-Funktion f() Zeile 3 bei SQL-Anweisung\
            """));
    assertContext(
        utf8(
            """
            \u300cinline_code_block\u300d3 RAISE \u3067\u3059
            SQL\u6587 "%s
            --pglambda \u300cinline_code_block\u300d1 SQL\u6587 \u3067\u3059 pglambda--"
            \u300cinline_code_block\u300d1 EXECUTE \u3067\u3059
            SQL\u6587 "%s"
            \u300cf()\u300d3 DO \u3067\u3059
            more\
            """
                .formatted(EXECUTED, block(STATEMENT))),
        utf8(
            """
            SQL\u6587 "CREATE EXTENSION aws_lambda"
            \u300cf()\u300d3 SQL\u6587 \u3067\u3059
            more\
            """));
  }

  private static String utf8(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  @Test
  void keepsTheFrameOfExecute() {
    assertContext(
        inEnglish(STATEMENT, "PL/pgSQL function f() line 3 at EXECUTE")
            .replace(
                "SQL statement \"DO $pglambda_do2$DEC", "SQL statement \"\n DO $pglambda_do2$DEC")
            .replace(
                "LANGUAGE plpgsql\"\nPL/pgSQL function f",
                "LANGUAGE plpgsql ;\n\"\nPL/pgSQL function f"),
        """
        SQL statement "
         CREATE EXTENSION aws_lambda ;
        "
        PL/pgSQL function f() line 3 at EXECUTE\
        """);
  }

  @Test
  void keepsTheFrameOfAnSqlFunction() {
    String context = inEnglish(STATEMENT, "SQL function \"f\" statement 1");
    assertContext(
        context.replaceFirst("SQL statement \"DO \\$pglambda_do2\\$DECLARE.*\n", ""),
        "SQL function \"f\" statement 1");
  }

  @Test
  void hasTheStatementInEveryTextAroundIt() {
    String quoted = "CREATE EXTENSION aws_lambda VERSION ''1.0''";
    assertContext(
        inEnglish(
            "CREATE EXTENSION aws_lambda VERSION '1.0'",
            """
            PL/pgSQL function inline_code_block line 1 at DO
            SQL statement "DO 'BEGIN %s; END'"
            PL/pgSQL function inline_code_block line 2 at DO\
            """
                .formatted(block(quoted))),
        """
        SQL statement "CREATE EXTENSION aws_lambda VERSION '1.0'"
        PL/pgSQL function inline_code_block line 1 at SQL statement
        SQL statement "DO 'BEGIN CREATE EXTENSION aws_lambda VERSION ''1.0''; END'"
        PL/pgSQL function inline_code_block line 2 at DO\
        """);
  }

  @Test
  void hasTheStatementWhereAnotherOneBesideItFails() {
    assertContext(
        """
        PL/pgSQL function inline_code_block line 1 at RAISE
        SQL statement "DO $a$ BEGIN %s; RAISE 'x'; END $a$"
        PL/pgSQL function inline_code_block line 1 at DO\
        """
            .formatted(block(STATEMENT)),
        """
        PL/pgSQL function inline_code_block line 1 at RAISE
        SQL statement "DO $a$ BEGIN CREATE EXTENSION aws_lambda; RAISE 'x'; END $a$"
        PL/pgSQL function inline_code_block line 1 at DO\
        """);
  }

  @Test
  void isThatOfAStatementThatDidNotEvenStart() {
    assertContext(
        "SQL statement \"%s\"\nPL/pgSQL function f() line 1 at DO".formatted(block(STATEMENT)),
        "SQL statement \"CREATE EXTENSION aws_lambda\"\n"
            + "PL/pgSQL function f() line 1 at SQL statement");
    String users = "SQL statement \"DO $a$BEGIN %s; END$a$\"\nPL/pgSQL function f() line 1 at DO";
    assertContext(users.formatted(block(STATEMENT)), users.formatted(STATEMENT));
  }

  @Test
  void losesTheBlocksInternalQuery() {
    error
        .with(ErrorFields.INTERNAL_QUERY, "SELECT 1 +")
        .with(ErrorFields.INTERNAL_POSITION, "9")
        .with(ErrorFields.CONTEXT, inEnglish(STATEMENT, "PL/pgSQL function f() line 3 at DO"));

    assertThat(NestedBlockErrors.restore(error, ClientEncoding.UTF8)).isTrue();
    assertThat(error.get(ErrorFields.INTERNAL_QUERY)).isNull();
    assertThat(error.get(ErrorFields.INTERNAL_POSITION)).isNull();
  }

  @Test
  void showsTheViewInErrors() {
    String query = "SELECT a FROM %s, (SELECT b FROM %s) JOIN y";
    String original = query.formatted("pg_available_extensions", "pg_available_extensions e");
    String sent =
        query.formatted(
            "(/*pglambda2-as */SELECT 1/*pglambda2*/) AS pg_available_extensions",
            "(/*pglambda2 pg_available_extensions*/SELECT 1/*pglambda2*/) e");
    error
        .with(ErrorFields.MESSAGE, "query \"" + sent + "\" failed")
        .with(ErrorFields.INTERNAL_QUERY, sent)
        .with(ErrorFields.INTERNAL_POSITION, Integer.toString(sent.length()))
        .with(ErrorFields.CONTEXT, "SQL statement \"" + sent + "\"\nthe caller");

    assertThat(NestedBlockErrors.restore(error, ClientEncoding.UTF8)).isTrue();

    assertThat(error.get(ErrorFields.MESSAGE)).isEqualTo("query \"" + original + "\" failed");
    assertThat(error.get(ErrorFields.INTERNAL_QUERY)).isEqualTo(original);
    assertThat(error.get(ErrorFields.INTERNAL_POSITION))
        .isEqualTo(Integer.toString(original.length()));
    assertThat(error.get(ErrorFields.CONTEXT))
        .isEqualTo("SQL statement \"" + original + "\"\nthe caller");
  }

  @Test
  void countsInTheInternalQueryThatTheClientKnows() {
    String before = utf8("BEGIN x := '\u00e9'; ");
    String between = utf8("; y := '\u00e9\u20ac';\n ");
    String query = before + block(STATEMENT) + between + block(STATEMENT) + "; SELEC 1; END";
    String original = before + STATEMENT + between + STATEMENT + "; SELEC 1; END";

    for (boolean utf8 : new boolean[] {true, false}) {
      for (String word : new String[] {"x :=", "y :=", "SELEC", "END"}) {
        error
            .with(ErrorFields.INTERNAL_QUERY, query)
            .with(ErrorFields.INTERNAL_POSITION, position(query, word, utf8));

        assertThat(
                NestedBlockErrors.restore(
                    error, utf8 ? ClientEncoding.UTF8 : ClientEncoding.SINGLE_BYTE))
            .isTrue();
        assertThat(error.get(ErrorFields.INTERNAL_QUERY)).isEqualTo(original);
        assertThat(error.get(ErrorFields.INTERNAL_POSITION))
            .isEqualTo(position(original, word, utf8));
      }
    }
  }

  private static String position(String text, String word, boolean utf8) {
    String before = text.substring(0, text.lastIndexOf(word));
    byte[] bytes = before.getBytes(StandardCharsets.ISO_8859_1);
    return Integer.toString(
        1
            + new String(bytes, utf8 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1)
                .length());
  }

  @Test
  void leavesEverythingElseAlone() {
    assertThat(NestedBlockErrors.restore(error, ClientEncoding.UTF8)).isFalse();

    String context = "SQL statement \"DO $$ .. $$\"\nPL/pgSQL function f() line 3 at DO";
    error
        .with(ErrorFields.CONTEXT, context)
        .with(ErrorFields.INTERNAL_QUERY, "SELECT")
        .with(ErrorFields.INTERNAL_POSITION, "1");
    assertThat(NestedBlockErrors.restore(error, ClientEncoding.UTF8)).isFalse();
    assertThat(error.get(ErrorFields.CONTEXT)).isEqualTo(context);
    assertThat(error.get(ErrorFields.INTERNAL_QUERY)).isEqualTo("SELECT");
    assertThat(error.get(ErrorFields.INTERNAL_POSITION)).isEqualTo("1");
  }

  @Test
  void doesNotFailOnWhatIsCutOff() {
    String context = inEnglish(STATEMENT, "PL/pgSQL function f() line 3 at DO");
    for (int length = 0; length <= context.length(); length++) {
      error
          .with(ErrorFields.CONTEXT, context.substring(0, length))
          .with(ErrorFields.INTERNAL_QUERY, block(STATEMENT).substring(length % 50))
          .with(ErrorFields.INTERNAL_POSITION, Integer.toString(length * 7 - 20));
      NestedBlockErrors.restore(error, ClientEncoding.UTF8);
      assertThat(error.get(ErrorFields.MESSAGE)).isEqualTo("already exists");
    }
  }
}
