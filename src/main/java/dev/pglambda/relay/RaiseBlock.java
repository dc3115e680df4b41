package dev.pglambda.relay;

import dev.pglambda.protocol.SqlError;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The statement that raises an error or a warning in the backend, so that the state of the
 * transaction is PostgreSQL's own. It is ASCII whatever the texts are, and means the same under all
 * settings: PostgreSQL converts them from UTF-8.
 */
public final class RaiseBlock {
  private RaiseBlock() {}

  public static String error(SqlError error) {
    return block("EXCEPTION", error);
  }

  public static String warning(SqlError warning) {
    return block("WARNING", warning);
  }

  private static String block(String level, SqlError error) {
    StringBuilder block =
        new StringBuilder("DO $pglambda$BEGIN RAISE ")
            .append(level)
            .append(" USING ERRCODE = '")
            .append(error.sqlState())
            .append('\'');
    append(block, "MESSAGE", error.message());
    append(block, "DETAIL", error.detail());
    append(block, "HINT", error.hint());
    return block.append("; END$pglambda$").toString();
  }

  private static void append(StringBuilder block, String option, @Nullable String value) {
    if (value != null) {
      block
          .append(", ")
          .append(option)
          .append(" = pg_catalog.convert_from(pg_catalog.decode('")
          .append(HexFormat.of().formatHex(value.getBytes(StandardCharsets.UTF_8)))
          .append("', 'hex'), 'UTF8')");
    }
  }
}
