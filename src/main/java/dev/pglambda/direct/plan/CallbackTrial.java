package dev.pglambda.direct.plan;

import dev.pglambda.direct.resolve.Overload;
import dev.pglambda.protocol.SqlState;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the server is made to call back, for the proxy to see whether it can: by a call without a
 * function's name, which the proxy refuses. All happens in a subtransaction.
 */
public final class CallbackTrial {
  /** The function that is called. */
  static final Overload OVERLOAD = Overload.INVOKE_NAME_JSON;

  /** Whether the block can be executed; one row of a boolean in binary format. */
  public static final String POSSIBLE =
      "SELECT pg_catalog.has_language_privilege('plpgsql', 'USAGE')"
          + " AND pg_catalog.current_setting('transaction_read_only')"
          + " OPERATOR(pg_catalog.=) 'off'";

  /**
   * Makes the call, to the address that the session began with. The subtransaction is rolled back
   * in any case, and with it what is set there.
   */
  public static final String BLOCK =
      "DO $pglambda$BEGIN SET LOCAL pglambda.callback TO DEFAULT;"
          + " PERFORM aws_lambda.invoke(NULL::pg_catalog.text, NULL::pg_catalog.json);"
          + " RAISE EXCEPTION USING ERRCODE = 'ZL002';"
          + " EXCEPTION WHEN OTHERS THEN"
          + " PERFORM pg_catalog.set_config('pglambda.trial', SQLSTATE, true); END$pglambda$";

  /** What it came to, which is forgotten then; one row of a text. */
  public static final String OUTCOME =
      "SELECT pg_catalog.current_setting('pglambda.trial', true),"
          + " pg_catalog.set_config('pglambda.trial', '', true)";

  private CallbackTrial() {}

  /** Whether the row of {@link #POSSIBLE} says so. */
  public static boolean isPossible(List<byte @Nullable []> row) {
    return InstalledSchemas.isTrue(row.get(0));
  }

  /** Whether the row of {@link #OUTCOME} tells that the proxy has answered, which refuses. */
  public static boolean wasAnswered(List<byte @Nullable []> row) {
    byte[] sqlState = row.get(0);
    return sqlState != null
        && new String(sqlState, StandardCharsets.US_ASCII).equals(SqlState.NULL_VALUE_NOT_ALLOWED);
  }
}
