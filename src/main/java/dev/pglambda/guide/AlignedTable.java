package dev.pglambda.guide;

import dev.pglambda.protocol.BackendMessage.Column;
import dev.pglambda.protocol.TypeOid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
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

  /**
   * The lines, without line ends; a value of several lines is continued with {@code +} as in psql.
   */
  static List<String> format(QueryResult result) {
    List<Column> columns = result.columns();
    List<List<String[]>> cells = new ArrayList<>();
    int[] widths = columns.stream().mapToInt(column -> column.name().length()).toArray();
    for (List<@Nullable String> row : result.rows()) {
      List<String[]> cellRow = new ArrayList<>();
      for (int c = 0; c < columns.size(); c++) {
        String value = row.get(c);
        String[] cellLines = value == null ? new String[] {""} : value.split("\n", -1);
        widths[c] =
            Math.max(widths[c], Arrays.stream(cellLines).mapToInt(String::length).max().orElse(0));
        cellRow.add(cellLines);
      }
      cells.add(cellRow);
    }
    List<String> lines = new ArrayList<>();
    lines.add(header(columns, widths));
    lines.add(rule(widths));
    cells.forEach(row -> addRow(lines, columns, widths, row));
    lines.add(result.rows().size() == 1 ? "(1 row)" : "(" + result.rows().size() + " rows)");
    return lines;
  }

  private static String header(List<Column> columns, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int c = 0; c < widths.length; c++) {
      String name = columns.get(c).name();
      int left = (widths[c] - name.length()) / 2;
      line.append(c == 0 ? " " : "| ")
          .append(" ".repeat(left))
          .append(name)
          .append(" ".repeat(widths[c] - name.length() - left))
          .append(c < widths.length - 1 ? " " : "");
    }
    return line.toString().stripTrailing();
  }

  private static String rule(int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int c = 0; c < widths.length; c++) {
      line.append(c == 0 ? "" : "+").append("-".repeat(widths[c] + 2));
    }
    return line.toString();
  }

  private static void addRow(
      List<String> lines, List<Column> columns, int[] widths, List<String[]> row) {
    int height = row.stream().mapToInt(cell -> cell.length).max().orElse(1);
    for (int i = 0; i < height; i++) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < widths.length; c++) {
        String[] cell = row.get(c);
        String text = i < cell.length ? cell[i] : "";
        String padding = " ".repeat(widths[c] - text.length());
        boolean right = NUMERIC_TYPES.contains(columns.get(c).typeOid());
        line.append(c == 0 ? " " : "| ")
            .append(right ? padding + text : text + padding)
            .append(i < cell.length - 1 ? "+" : " ");
      }
      lines.add(line.toString().stripTrailing());
    }
  }
}
