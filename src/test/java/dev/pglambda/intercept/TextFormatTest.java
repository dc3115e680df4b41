package dev.pglambda.intercept;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.sql.NestedBlock;
import dev.pglambda.sql.Originals;
import dev.pglambda.sql.Replacement;
import dev.pglambda.sql.SqlText;
import dev.pglambda.sql.TextFormat;
import dev.pglambda.sql.ViewReferences;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every format in literal copies, as the proxy has written it: databases have these texts, so that
 * no copy here may ever change. A new format needs copies of its own.
 */
class TextFormatTest {
  private static final String STATEMENT = "CREATE EXTENSION aws_lambda CASCADE";

  /** A text of each kind in one format. */
  private enum Copy {
    FIRST(
        "DO $pglambda_do$DECLARE statement CONSTANT pg_catalog.text :="
            + " $pglambda$CREATE EXTENSION aws_lambda CASCADE $pglambda$; frame pg_catalog.text;"
            + " BEGIN BEGIN SAVEPOINT pglambda; EXCEPTION WHEN OTHERS THEN"
            + " GET STACKED DIAGNOSTICS frame = PG_EXCEPTION_CONTEXT; END;"
            + " EXECUTE pg_catalog.concat(pg_catalog.translate($pglambda$DO ~pglambda_do~`BEGIN"
            + " EXECUTE ~pglambda~/* pglambda */ CREATE SCHEMA aws_lambda~pglambda~;"
            + " END~pglambda_do~$pglambda$, $pglambda$`~^@$pglambda$,"
            + " pg_catalog.concat(pg_catalog.chr(10), pg_catalog.chr(36), pg_catalog.chr(39),"
            + " pg_catalog.chr(92))), pg_catalog.chr(10), $pglambda$--pglambda $pglambda$,"
            + " pg_catalog.split_part(frame, pg_catalog.chr(10), 1), $pglambda$"
            + " pglambda--$pglambda$); END$pglambda_do$ LANGUAGE plpgsql",
        "(/*pglambda-as pg_catalog.*/SELECT 1/*pglambda*/) AS pg_available_extensions",
        "(/*pglambda pg_available_extensions*/SELECT 1/*pglambda*/) e",
        "--pglambda PL/pgSQL function inline_code_block line 1 at SQL statement pglambda--",
        "/* pglambda */ CREATE SCHEMA aws_lambda"),
    SECOND(
        "DO $pglambda_do2$DECLARE statement CONSTANT pg_catalog.text :="
            + " $pglambda$CREATE EXTENSION aws_lambda CASCADE $pglambda$; frame pg_catalog.text;"
            + " BEGIN BEGIN SAVEPOINT pglambda; EXCEPTION WHEN OTHERS THEN"
            + " GET STACKED DIAGNOSTICS frame = PG_EXCEPTION_CONTEXT; END;"
            + " EXECUTE pg_catalog.concat(pg_catalog.translate($pglambda$DO ~pglambda_do~`BEGIN"
            + " EXECUTE ~pglambda~/* pglambda2 */ CREATE SCHEMA aws_lambda~pglambda~;"
            + " END~pglambda_do~$pglambda$, $pglambda$`~^@$pglambda$,"
            + " pg_catalog.concat(pg_catalog.chr(10), pg_catalog.chr(36), pg_catalog.chr(39),"
            + " pg_catalog.chr(92))), pg_catalog.chr(10), $pglambda$--pglambda2 $pglambda$,"
            + " pg_catalog.split_part(frame, pg_catalog.chr(10), 1), $pglambda$"
            + " pglambda--$pglambda$); END$pglambda_do2$ LANGUAGE plpgsql",
        "(/*pglambda2-as pg_catalog.*/SELECT 1/*pglambda2*/) AS pg_available_extensions",
        "(/*pglambda2 pg_available_extensions*/SELECT 1/*pglambda2*/) e",
        "--pglambda2 PL/pgSQL function inline_code_block line 1 at SQL statement pglambda--",
        "/* pglambda2 */ CREATE SCHEMA aws_lambda");

    private static final Copy CURRENT = SECOND;

    final String block;
    final String namedView;
    final String aliasedView;
    final String lastLine;
    final String marked;

    Copy(String block, String namedView, String aliasedView, String lastLine, String marked) {
      this.block = block;
      this.namedView = namedView;
      this.aliasedView = aliasedView;
      this.lastLine = lastLine;
      this.marked = marked;
    }

    /** CONTEXT where an event trigger's function fails that the nested block has set off. */
    String context() {
      return """
      PL/pgSQL function on_ddl() line 3 at RAISE
      SQL statement "%s"
      PL/pgSQL function inline_code_block line 2 at EXECUTE
      SQL statement "DO $pglambda_do$
      BEGIN EXECUTE $pglambda$%s$pglambda$; END$pglambda_do$
      %s"
      PL/pgSQL function inline_code_block line 1 at EXECUTE
      """
          .formatted(marked, marked, lastLine);
    }
  }

  private final ErrorFields error = ErrorFields.fatal("42710", "already exists");

  @Test
  void hasACopyOfEach() {
    assertThat(Copy.values())
        .extracting(Enum::name)
        .containsExactlyElementsOf(List.of(TextFormat.values()).stream().map(Enum::name).toList());
    assertThat(Copy.CURRENT.name()).isEqualTo(TextFormat.CURRENT.name());
  }

  @Test
  void isTheLatestInWhatIsWritten() {
    String installer =
        "DO $pglambda_do$\nBEGIN EXECUTE $pglambda$%s$pglambda$; END$pglambda_do$"
            .formatted(Copy.CURRENT.marked);

    assertThat(NestedBlock.of(STATEMENT, STATEMENT, installer)).isEqualTo(Copy.CURRENT.block);
    assertThat(replaced("pg_catalog.pg_available_extensions")).isEqualTo(Copy.CURRENT.namedView);
    assertThat(replaced("pg_available_extensions e")).isEqualTo(Copy.CURRENT.aliasedView);
  }

  private static String replaced(String item) {
    String from = "SELECT FROM ";
    SqlText text = new SqlText(from + item, true);
    Replacement replacement = ViewReferences.find(text).get(0).subquery(text, "SELECT 1");
    return Replacement.splice(text.toString(), List.of(replacement)).substring(from.length());
  }

  @ParameterizedTest
  @EnumSource
  void isReadInContext(Copy copy) {
    error.with(
        ErrorFields.CONTEXT,
        copy.context()
            + "SQL statement \""
            + copy.block
            + "\"\nPL/pgSQL function f() line 3 at DO");

    restore();

    assertThat(error.get(ErrorFields.CONTEXT))
        .isEqualTo(
            "PL/pgSQL function on_ddl() line 3 at RAISE\nSQL statement \""
                + STATEMENT
                + "\"\nPL/pgSQL function f() line 3 at SQL statement");
  }

  @ParameterizedTest
  @EnumSource
  void isReadInContextOfAnSqlFunction(Copy copy) {
    error.with(ErrorFields.CONTEXT, copy.context() + "SQL function \"f\" statement 1");

    restore();

    assertThat(error.get(ErrorFields.CONTEXT))
        .isEqualTo("PL/pgSQL function on_ddl() line 3 at RAISE\nSQL function \"f\" statement 1");
  }

  @ParameterizedTest
  @EnumSource
  void isReadInContextOfAStatementThatIsNotNested(Copy copy) {
    error.with(ErrorFields.CONTEXT, copy.context());

    assertThat(WorkerContext.remove(error, true)).isTrue();

    assertThat(error.get(ErrorFields.CONTEXT))
        .isEqualTo("PL/pgSQL function on_ddl() line 3 at RAISE");
  }

  /** A body may have been written by several versions. */
  @ParameterizedTest
  @EnumSource
  void isReadBesideOthersInTheInternalQuery(Copy copy) {
    String query = "BEGIN; PERFORM FROM %s, %s; %s; %s; SELEC 1; END";
    String sent =
        query.formatted(copy.namedView, Copy.FIRST.aliasedView, copy.block, Copy.FIRST.block);
    String original =
        query.formatted(
            "pg_catalog.pg_available_extensions",
            "pg_available_extensions e",
            STATEMENT,
            STATEMENT);
    error
        .with(ErrorFields.INTERNAL_QUERY, sent)
        .with(ErrorFields.INTERNAL_POSITION, Integer.toString(sent.indexOf("SELEC 1")))
        .with(ErrorFields.CONTEXT, "SQL statement \"" + sent + "\"\nthe caller");

    restore();

    assertThat(error.get(ErrorFields.INTERNAL_QUERY)).isEqualTo(original);
    assertThat(error.get(ErrorFields.INTERNAL_POSITION))
        .isEqualTo(Integer.toString(original.indexOf("SELEC 1")));
    assertThat(error.get(ErrorFields.CONTEXT))
        .isEqualTo("SQL statement \"" + original + "\"\nthe caller");
    assertThat(Originals.in(sent)).isEqualTo(original);
  }

  private void restore() {
    assertThat(NestedBlockErrors.restore(error, ClientEncoding.UTF8)).isTrue();
  }
}
