package dev.pglambda.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ViewReferenceTest {
  /** A text with what stands for its first reference. */
  private static String replace(String text) {
    SqlText original = new SqlText(text, true);
    ViewReference reference = ViewReferences.find(original).get(0);
    return Replacement.splice(text, List.of(reference.subquery(original, "SELECT 1")));
  }

  @Test
  void keepsTheViewsNameUnlessAnAliasFollows() {
    assertThat(replace("SELECT FROM PG_available_extensions"))
        .isEqualTo(
            "SELECT FROM (/*pglambda2-as */SELECT 1/*pglambda2*/) AS PG_available_extensions");
    assertThat(replace("SELECT FROM pg_catalog.\"pg_available_extensions\" WHERE a"))
        .isEqualTo(
            "SELECT FROM (/*pglambda2-as pg_catalog.*/SELECT 1/*pglambda2*/) AS"
                + " \"pg_available_extensions\" WHERE a");
    assertThat(replace("SELECT FROM pg_catalog.pg_available_extensions a"))
        .isEqualTo(
            "SELECT FROM (/*pglambda2 pg_catalog.pg_available_extensions*/SELECT 1/*pglambda2*/) a");
  }
}
