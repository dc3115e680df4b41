package dev.pglambda.direct.resolve;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the server says of an argument's type, and how it is asked. For a domain everything but the
 * first two is that of its base type.
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

  /**
   * A query with one parameter, an array of oids; one row for each of them that is a type, in no
   * order. Depends on no setting but search_path, by which {@code format_type} qualifies names;
   * needs no privilege. A table's row type can be converted to the composite type that the table
   * was made of ({@code CREATE TABLE .. OF}).
   */
  public static final String QUERY =
      """
      WITH RECURSIVE arn AS (
        SELECT t.oid FROM pg_catalog.pg_type AS t
        JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace
        WHERE n.nspname OPERATOR(pg_catalog.=) 'aws_commons'
          AND t.typname OPERATOR(pg_catalog.=) '_lambda_function_arn_1'
      ), bases AS (
        SELECT t.oid, t.oid AS base FROM pg_catalog.pg_type AS t
        WHERE t.oid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[])
        UNION ALL
        SELECT b.oid, t.typbasetype FROM bases AS b
        JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) b.base
        WHERE t.typtype OPERATOR(pg_catalog.=) 'd'
      ), conversions (source, target) AS (
        SELECT c.castsource, c.casttarget FROM pg_catalog.pg_cast AS c
        WHERE c.castcontext OPERATOR(pg_catalog.=) 'i'
        UNION ALL
        SELECT r.reltype, r.reloftype FROM pg_catalog.pg_class AS r
        WHERE r.reloftype OPERATOR(pg_catalog.<>) 0
      )
      SELECT b.oid, pg_catalog.format_type(b.oid, NULL), b.base, t.typcategory, t.typispreferred,
        ARRAY(
          SELECT CASE WHEN c.target OPERATOR(pg_catalog.=) arn.oid THEN 0 ELSE c.target END
          FROM conversions AS c LEFT JOIN arn ON true
          WHERE c.source OPERATOR(pg_catalog.=) b.base),
        EXISTS (SELECT FROM arn WHERE arn.oid OPERATOR(pg_catalog.=) b.base)
      FROM bases AS b JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) b.base
      WHERE t.typtype OPERATOR(pg_catalog.<>) 'd'
      """;

  /** The query's parameter in text format. */
  public static String parameter(Collection<Integer> oids) {
    return oids.stream().map(Integer::toUnsignedString).collect(Collectors.joining(",", "{", "}"));
  }

  /** Reads a row of the query's result in text format. */
  public static ArgumentType read(List<@Nullable String> row) {
    return new ArgumentType(
        Integer.parseUnsignedInt(column(row, 0)),
        column(row, 1),
        Integer.parseUnsignedInt(column(row, 2)),
        column(row, 3).charAt(0),
        column(row, 4).equals("t"),
        oids(column(row, 5)),
        column(row, 6).equals("t"));
  }

  private static Set<Integer> oids(String array) {
    return array.equals("{}")
        ? Set.of()
        : Arrays.stream(array.substring(1, array.length() - 1).split(",", -1))
            .map(Integer::parseUnsignedInt)
            .collect(Collectors.toUnmodifiableSet());
  }

  private static String column(List<@Nullable String> row, int index) {
    return Objects.requireNonNull(row.get(index));
  }
}
