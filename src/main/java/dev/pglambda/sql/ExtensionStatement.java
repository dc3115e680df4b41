package dev.pglambda.sql;

import org.jspecify.annotations.Nullable;

/**
 * A statement on one of the extensions {@code aws_commons} and {@code aws_lambda} which a server
 * without their control files could not execute.
 *
 * @param kind which statement
 * @param extension {@code aws_commons} or {@code aws_lambda}
 * @param ifNotExists whether IF NOT EXISTS is there (CREATE only)
 * @param schema name after SCHEMA, unquoted and folded, or null
 * @param version version after VERSION or UPDATE TO, unquoted, or null
 * @param cascade whether CASCADE is there (CREATE only)
 * @param statementIndex which statement of the text this is, counted from 0 over the non-empty ones
 * @param start offset of its first token in the text
 * @param end offset just past its last token (a closing semicolon is not part of it)
 */
public record ExtensionStatement(
    Kind kind,
    String extension,
    boolean ifNotExists,
    @Nullable String schema,
    @Nullable String version,
    boolean cascade,
    int statementIndex,
    int start,
    int end) {

  /** The statements that need a control file. */
  public enum Kind {
    /** {@code CREATE EXTENSION}. */
    CREATE("CREATE EXTENSION"),
    /** {@code ALTER EXTENSION .. UPDATE}. */
    ALTER_UPDATE("ALTER EXTENSION");

    private final String commandTag;

    Kind(String commandTag) {
      this.commandTag = commandTag;
    }

    /** The command tag PostgreSQL answers. */
    public String commandTag() {
      return commandTag;
    }
  }
}
