package dev.pglambda.sql;

import java.util.Set;

/**
 * The key words that cannot be names (manual, "SQL Key Words"), of all of PostgreSQL 12 to 18: a
 * word that is reserved in some versions only is taken as reserved.
 */
public final class ReservedWords {
  private static final Set<String> RESERVED =
      words(
          """
          all analyse analyze and any array as asc asymmetric both case cast check collate column
          constraint create current_catalog current_date current_role current_time
          current_timestamp current_user default deferrable desc distinct do else end except false
          fetch for foreign from grant group having in initially intersect into lateral leading
          limit localtime localtimestamp not null offset on only or order placing primary
          references returning select session_user some symmetric system_user table then to
          trailing true union unique user using variadic when where window with
          """);

  private static final Set<String> FUNCTION_OR_TYPE =
      words(
          """
          authorization binary collation concurrently cross current_schema freeze full ilike inner
          is isnull join left like natural notnull outer overlaps right similar tablesample
          verbose
          """);

  private ReservedWords() {}

  /** Whether an unquoted word, in lower case, can be the name of a column, table or schema. */
  public static boolean isColumnName(String word) {
    return !RESERVED.contains(word) && !FUNCTION_OR_TYPE.contains(word);
  }

  /** Whether an unquoted word, in lower case, is not fully reserved. */
  static boolean isNonReserved(String word) {
    return !RESERVED.contains(word);
  }

  /** The words of a list, with white space between them. */
  public static Set<String> words(String lines) {
    return Set.of(lines.strip().split("\\s+"));
  }
}
