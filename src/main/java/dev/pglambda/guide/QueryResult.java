package dev.pglambda.guide;

import dev.pglambda.protocol.BackendMessage.Column;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one statement answered.
 *
 * @param columns empty if the statement returns no rows
 * @param rows values in PostgreSQL's text format, NULL as null
 * @param commandTag for example {@code SELECT 1}
 */
record QueryResult(List<Column> columns, List<List<@Nullable String>> rows, String commandTag) {}
