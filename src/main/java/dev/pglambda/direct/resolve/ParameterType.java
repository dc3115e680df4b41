package dev.pglambda.direct.resolve;

import dev.pglambda.protocol.TypeOid;
import org.jspecify.annotations.Nullable;

/** The types that parameters of the functions have. */
public enum ParameterType {
  TEXT(TypeOid.TEXT, 'S', true),
  VARCHAR(TypeOid.VARCHAR, 'S', false),
  JSON(TypeOid.JSON, 'U', false),
  JSONB(TypeOid.JSONB, 'U', false),
  /** The composite aws_commons._lambda_function_arn_1, whose oid differs between databases. */
  ARN(ArgumentType.ARN_TARGET, 'C', false);

  private final int oid;
  private final char category;
  private final boolean preferred;

  /** Object id, category and preference are those of pg_type.dat. */
  ParameterType(int oid, char category, boolean preferred) {
    this.oid = oid;
    this.category = category;
    this.preferred = preferred;
  }

  /** Object id of {@code pg_type}; that of {@link #ARN} is not known. */
  public int oid() {
    return oid;
  }

  /** {@code pg_type.typcategory}. */
  public char category() {
    return category;
  }

  /** Whether an argument's type is this one, or a domain over it. */
  boolean isBaseOf(@Nullable ArgumentType type) {
    return type != null && (this == ARN ? type.arn() : type.base() == oid);
  }

  /** Whether this is the preferred type of the category of an argument's type. */
  boolean isPreferredFor(@Nullable ArgumentType type) {
    return type != null && preferred && type.category() == category;
  }

  /**
   * Whether an argument can be converted implicitly (parse_coerce.c, can_coerce_type). One of
   * unknown type (null) can be anything.
   */
  boolean accepts(@Nullable ArgumentType type) {
    return type == null
        || isBaseOf(type)
        || type.implicitTargets().contains(oid)
        || (this == ARN && type.oid() == TypeOid.RECORD);
  }
}
