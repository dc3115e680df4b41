package dev.pglambda.guide;

import dev.pglambda.guide.QueryConnection.QueryResult;
import dev.pglambda.protocol.BackendMessage.Column;
import dev.pglambda.protocol.TypeOid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Prints a result as psql does in its aligned format (psql manual, {@code \pset format aligned}).
 */
final class AlignedTable {
  /** psql aligns these to the right. */
  private static final Set<Integer> NUMERIC_TYPES =
      Set.of(
          TypeOid.INT8,
          TypeOid.INT2,
          TypeOid.INT4,
          TypeOid.OID,
          TypeOid.FLOAT4,
          TypeOid.FLOAT8,
          TypeOid.NUMERIC,
          TypeOid.MONEY);

  private AlignedTable() {}

  /** The lines; a value of several lines is continued with {@code +} as in psql. */
  static List<String> format(QueryResult result) {
    List<Column> columns = result.columns();
    int[] widths = columns.stream().mapToInt(column -> column.name().length()).toArray();
    List<List<String[]>> rows = new ArrayList<>();
    for (List<@Nullable String> row : result.rows()) {
      List<String[]> cells = new ArrayList<>();
      for (int c = 0; c < widths.length; c++) {
        String[] cell = Objects.requireNonNullElse(row.get(c), "").split("\n", -1);
        int width = Arrays.stream(cell).mapToInt(String::length).max().orElse(0);
        widths[c] = Math.max(widths[c], width);
        cells.add(cell);
      }
      rows.add(cells);
    }
    List<String> lines = new ArrayList<>();
    lines.add(line(widths, "|", c -> centred(columns.get(c).name(), widths[c])));
    lines.add(line(widths, "+", c -> "-".repeat(widths[c] + 2)));
    for (List<String[]> row : rows) {
      int height = row.stream().mapToInt(cell -> cell.length).max().orElse(1);
      for (int i = 0; i < height; i++) {
        int at = i;
        lines.add(line(widths, "|", c -> cell(row.get(c), at, columns.get(c), widths[c])));
      }
    }
    lines.add(rows.size() == 1 ? "(1 row)" : "(" + rows.size() + " rows)");
    return lines;
  }

  private static String line(int[] widths, String separator, IntFunction<String> cell) {
    return IntStream.range(0, widths.length)
        .mapToObj(cell)
        .collect(Collectors.joining(separator))
        .stripTrailing();
  }

  private static String centred(String name, int width) {
    int left = (width - name.length()) / 2;
    return " ".repeat(left + 1) + name + " ".repeat(width - name.length() - left + 1);
  }

  private static String cell(String[] lines, int at, Column column, int width) {
    String text = at < lines.length ? lines[at] : "";
    String padding = " ".repeat(width - text.length());
    boolean right = NUMERIC_TYPES.contains(column.typeOid());
    return " " + (right ? padding + text : text + padding) + (at < lines.length - 1 ? "+" : " ");
  }
}
