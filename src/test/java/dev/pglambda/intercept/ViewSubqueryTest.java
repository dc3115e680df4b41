package dev.pglambda.intercept;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.sql.Replacement;
import dev.pglambda.sql.SqlText;
import dev.pglambda.sql.ViewReference;
import dev.pglambda.sql.ViewReferences;
import java.util.List;
import org.junit.jupiter.api.Test;

class ViewSubqueryTest {
  /** A text with what stands for its first reference. */
  private static String replace(String text) {
    SqlText original = new SqlText(text, true);
    ViewReference reference = ViewReferences.find(original).get(0);
    return Replacement.splice(text, List.of(ViewSubquery.of(reference, original, "SELECT 1")));
  }

  @Test
  void keepsTheViewsNameUnlessAnAliasFollows() {
    assertThat(replace("SELECT FROM PG_available_extensions"))
        .isEqualTo("SELECT FROM (/*pglambda-as */SELECT 1/*pglambda*/) AS PG_available_extensions");
    assertThat(replace("SELECT FROM pg_catalog.\"pg_available_extensions\" WHERE a"))
        .isEqualTo(
            "SELECT FROM (/*pglambda-as pg_catalog.*/SELECT 1/*pglambda*/) AS"
                + " \"pg_available_extensions\" WHERE a");
    assertThat(replace("SELECT FROM pg_catalog.pg_available_extensions a"))
        .isEqualTo(
            "SELECT FROM (/*pglambda pg_catalog.pg_available_extensions*/SELECT 1/*pglambda*/) a");
  }

  @Test
  void showsTheViewInErrors() {
    String original = "SELECT a FROM x, (SELECT b FROM pg_available_extensions e) JOIN y";
    String sent = replace(original).replace("x,", "(/*pglambda-as */SELECT 1/*pglambda*/) AS x,");
    ErrorFields fields =
        ErrorFields.fatal("42703", "query \"" + sent + "\" failed")
            .with(ErrorFields.INTERNAL_QUERY, sent)
            .with(ErrorFields.INTERNAL_POSITION, Integer.toString(sent.length()))
            .with(ErrorFields.CONTEXT, "SQL statement \"" + sent + "\"\nthe caller");

    assertThat(NestedBlockErrors.restore(fields, ClientEncoding.UTF8)).isTrue();

    assertThat(fields.get(ErrorFields.MESSAGE)).isEqualTo("query \"" + original + "\" failed");
    assertThat(fields.get(ErrorFields.INTERNAL_QUERY)).isEqualTo(original);
    assertThat(fields.get(ErrorFields.INTERNAL_POSITION))
        .isEqualTo(Integer.toString(original.length()));
    assertThat(fields.get(ErrorFields.CONTEXT))
        .isEqualTo("SQL statement \"" + original + "\"\nthe caller");
  }
}
