package dev.pglambda.direct.resolve;

import java.util.Set;

/**
 * What the server says of an argument's type. For a domain everything but the first two is that of
 * its base type.
 *
 * @param oid of {@code pg_type}; {@link #ARN_TARGET} for the composite of a server that has none
 * @param name as {@code format_type} prints it
 * @param base oid of its base type if it is a domain, all the way down; else oid
 * @param category {@code pg_type.typcategory}
 * @param preferred {@code pg_type.typispreferred}
 * @param implicitTargets oids of the types to which it has implicit conversions; {@link
 *     #ARN_TARGET} stands for the composite
 * @param arn whether it is the composite {@code aws_commons._lambda_function_arn_1}
 */
public record ArgumentType(
    int oid,
    String name,
    int base,
    char category,
    boolean preferred,
    Set<Integer> implicitTargets,
    boolean arn) {

  /** Stands for the oid of the composite {@code aws_commons._lambda_function_arn_1}. */
  public static final int ARN_TARGET = 0;
}
