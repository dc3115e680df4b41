package dev.pglambda.sql;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A statement on one of the extensions {@code aws_commons} and {@code aws_lambda} which a server
 * without their control files could not execute, or not if they were installed without an entry in
 * {@code pg_extension}.
 *
 * @param kind which statement
 * @param extensions the names, in order: of DROP any number, at least one of them {@code
 *     aws_commons} or {@code aws_lambda}; of the others only that one
 * @param conditional whether IF NOT EXISTS (CREATE) or IF EXISTS (DROP) is there
 * @param schema name after SCHEMA, unquoted and folded, or null
 * @param version version after VERSION or UPDATE TO, unquoted, or null
 * @param cascade whether CASCADE is there (CREATE and DROP only)
 * @param statementIndex which statement of the text this is, counted from 0 over the non-empty ones
 * @param start offset of its first token in the text
 * @param end offset just past its last token (a closing semicolon is not part of it)
 */
public record ExtensionStatement(
    Kind kind,
    List<String> extensions,
    boolean conditional,
    @Nullable String schema,
    @Nullable String version,
    boolean cascade,
    int statementIndex,
    int start,
    int end) {

  /** Copies the names. */
  public ExtensionStatement {
    extensions = List.copyOf(extensions);
  }

  /** The extension it is about; of DROP the first in the list. */
  public String extension() {
    return extensions.get(0);
  }

  /** The statements that are recognised, with the command tags that PostgreSQL answers. */
  public enum Kind {
    CREATE("CREATE EXTENSION"),
    ALTER_UPDATE("ALTER EXTENSION"),
    ALTER_SET_SCHEMA("ALTER EXTENSION"),
    DROP("DROP EXTENSION"),
    COMMENT("COMMENT");

    private final String commandTag;

    Kind(String commandTag) {
      this.commandTag = commandTag;
    }

    public String commandTag() {
      return commandTag;
    }
  }
}
