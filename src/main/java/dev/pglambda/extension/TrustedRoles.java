package dev.pglambda.extension;

import static dev.pglambda.extension.SqlTemplate.literal;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Which roles of the database may install the extension, and have their calls served where it is
 * not installed: superusers always, and members of the named roles. On RDS that is {@code
 * rds_superuser} (docs/compatibility.md).
 *
 * @param everybody whether every role is trusted
 * @param names of roles; a name that no role has trusts nobody
 */
public record TrustedRoles(boolean everybody, List<String> names) {
  /**
   * The role of RDS. Where roles of that name can be made without a superuser it proves nothing: so
   * one counts only if a superuser has made it, as far as PostgreSQL knows that (from 16 on, a role
   * that makes another without being superuser is its member with ADMIN OPTION and nothing else, by
   * the bootstrap superuser's grant; manual, "Role Attributes").
   */
  private static final String RDS_SUPERUSER = "rds_superuser";

  private static final String MADE_BY_SUPERUSER =
      " AND NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members AS pglambda_grant"
          + " WHERE pglambda_trusted.rolname::pg_catalog.text OPERATOR(pg_catalog.=) "
          + literal(RDS_SUPERUSER)
          + " AND pglambda_grant.roleid OPERATOR(pg_catalog.=) pglambda_trusted.oid"
          + " AND pglambda_grant.grantor OPERATOR(pg_catalog.=) 10"
          + " AND pglambda_grant.admin_option AND pg_catalog.to_jsonb(pglambda_grant)"
          + " OPERATOR(pg_catalog.@>) pg_catalog.jsonb_build_object("
          + literal("set_option")
          + ", false, "
          + literal("inherit_option")
          + ", false))";

  /** In a list of names: every role. */
  public static final String EVERYBODY = "*";

  public TrustedRoles {
    names = List.copyOf(names);
  }

  /** The roles of a list of names, in which {@link #EVERYBODY} may stand. */
  public static TrustedRoles of(List<String> names) {
    return names.contains(EVERYBODY)
        ? new TrustedRoles(true, List.of())
        : new TrustedRoles(false, names);
  }

  /**
   * A boolean expression: whether a role, a row of pg_roles that is named so in the query around
   * it, is trusted. It is one line without quotes, backslashes or {@code $$}, needs nothing of the
   * search_path, and no privilege.
   */
  public String condition(String role) {
    if (everybody) {
      return "true";
    }
    if (names.isEmpty()) {
      return role + ".rolsuper";
    }
    String array =
        names.stream()
            .map(SqlTemplate::literal)
            .collect(Collectors.joining(", ", "ARRAY[", "]::pg_catalog.text[]"));
    return ("(%1$s.rolsuper OR EXISTS (SELECT FROM pg_catalog.pg_roles AS pglambda_trusted"
            + " WHERE pglambda_trusted.rolname::pg_catalog.text OPERATOR(pg_catalog.=) ANY (%2$s)"
            + " AND pg_catalog.pg_has_role(%1$s.oid, pglambda_trusted.oid, %3$s)%4$s))")
        .formatted(
            role, array, literal("USAGE"), names.contains(RDS_SUPERUSER) ? MADE_BY_SUPERUSER : "");
  }

  /** For people: who is trusted. */
  public String description() {
    if (everybody) {
      return "every role";
    }
    return names.isEmpty() ? "superusers" : "superusers and members of " + String.join(", ", names);
  }
}
