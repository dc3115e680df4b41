package dev.pglambda.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.SqlError;
import org.junit.jupiter.api.Test;

class RaiseBlockTest {
  @Test
  void holdsNoTextThatAnySettingOrEncodingCouldChange() {
    String block =
        RaiseBlock.error(new SqlError("38000", "it's \\ $pglambda$ \u20ac", "d\n", null));

    assertThat(block)
        .isEqualTo(
            "DO $pglambda$BEGIN RAISE EXCEPTION USING ERRCODE = '38000',"
                + " MESSAGE = pg_catalog.convert_from(pg_catalog.decode("
                + "'69742773205c202470676c616d6264612420e282ac', 'hex'), 'UTF8'),"
                + " DETAIL = pg_catalog.convert_from(pg_catalog.decode('640a', 'hex'), 'UTF8');"
                + " END$pglambda$");
  }

  @Test
  void warns() {
    assertThat(RaiseBlock.warning(new SqlError("01000", "w", null, "h")))
        .startsWith("DO $pglambda$BEGIN RAISE WARNING USING ERRCODE = '01000', MESSAGE = ")
        .contains("HINT = ")
        .doesNotContain("DETAIL");
  }
}
