package dev.pglambda.intercept.direct;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which of the extensions' schemas a database has.
 *
 * @param lambda {@code aws_lambda}
 * @param commons {@code aws_commons}
 */
public record Schemas(boolean lambda, boolean commons) {

  /** Asks for both; a row of two booleans in binary format. Needs no privilege. */
  public static final String QUERY =
      "SELECT pg_catalog.to_regnamespace('aws_lambda') IS NOT NULL,"
          + " pg_catalog.to_regnamespace('aws_commons') IS NOT NULL";

  /** Reads the row. */
  public static Schemas read(List<byte @Nullable []> row) {
    return new Schemas(isTrue(row.get(0)), isTrue(row.get(1)));
  }

  private static boolean isTrue(byte @Nullable [] value) {
    return value != null && value[0] != 0;
  }
}
