package dev.pglambda.direct.plan;

import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Which of the extensions a database has, and who asks.
 *
 * @param lambda whether {@code aws_lambda} is installed: its schema is there, and belongs to a role
 *     that is trusted to install it. Any other may be a look-alike of a role that may create
 *     schemas
 * @param commons whether schema {@code aws_commons} is there
 * @param trusted whether calls of the current role are served where {@code aws_lambda} is not
 *     installed
 */
public record InstalledSchemas(boolean lambda, boolean commons, boolean trusted) {

  /**
   * Asks for all; a row of booleans in binary format. Needs no privilege. Of the alias of a row of
   * pg_roles {@code trusted} makes the condition that the role is trusted.
   */
  static String query(UnaryOperator<String> trusted) {
    return ("SELECT %s IS TRUE AND %s IS NOT FALSE,"
            + " pg_catalog.to_regnamespace('aws_commons') IS NOT NULL, %s IS TRUE")
        .formatted(owner("aws_lambda", trusted), owner("pglambda", trusted), currentRole(trusted));
  }

  /** Whether the owner of a schema is trusted; NULL without that schema. */
  static String owner(String schema, UnaryOperator<String> trusted) {
    return ("(SELECT %s FROM pg_catalog.pg_namespace AS pglambda_schema"
            + " JOIN pg_catalog.pg_roles AS pglambda_owner"
            + " ON pglambda_owner.oid OPERATOR(pg_catalog.=) pglambda_schema.nspowner"
            + " WHERE pglambda_schema.nspname OPERATOR(pg_catalog.=) '%s')")
        .formatted(trusted.apply("pglambda_owner"), schema);
  }

  /** Whether the current role is trusted. */
  static String currentRole(UnaryOperator<String> trusted) {
    return "(SELECT "
        + trusted.apply("pglambda_role")
        + " FROM pg_catalog.pg_roles AS pglambda_role"
        + " WHERE pglambda_role.rolname OPERATOR(pg_catalog.=) CURRENT_USER)";
  }

  /** Reads the row. */
  public static InstalledSchemas read(List<byte @Nullable []> row) {
    return new InstalledSchemas(isTrue(row.get(0)), isTrue(row.get(1)), isTrue(row.get(2)));
  }

  public static boolean isTrue(byte @Nullable [] value) {
    return value != null && value[0] != 0;
  }
}
