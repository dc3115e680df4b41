package dev.pglambda.conformance;

import dev.pglambda.testing.ServerMessage.DataRow;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The names of types by their OID: those of pg_type, with the schema if it is not pg_catalog. */
final class TypeNames {
  private static final Map<Integer, String> BUILT_IN =
      Map.ofEntries(
          Map.entry(16, "bool"),
          Map.entry(17, "bytea"),
          Map.entry(19, "name"),
          Map.entry(20, "int8"),
          Map.entry(21, "int2"),
          Map.entry(23, "int4"),
          Map.entry(25, "text"),
          Map.entry(26, "oid"),
          Map.entry(114, "json"),
          Map.entry(700, "float4"),
          Map.entry(701, "float8"),
          Map.entry(1043, "varchar"),
          Map.entry(1700, "numeric"),
          Map.entry(2249, "record"),
          Map.entry(2278, "void"),
          Map.entry(3802, "jsonb"));

  private final Target target;
  private final Map<Integer, String> looked = new HashMap<>(BUILT_IN);

  TypeNames(Target target) {
    this.target = target;
  }

  /** The name of a type; {@code #oid} if other sessions do not see it (yet). */
  String name(int oid) throws IOException {
    String known = looked.get(oid);
    if (known != null) {
      return known;
    }
    String found = lookUp(oid);
    if (!found.startsWith("#")) {
      looked.put(oid, found);
    }
    return found;
  }

  private String lookUp(int oid) throws IOException {
    String sql =
        "SELECT CASE nspname WHEN 'pg_catalog' THEN '' ELSE nspname || '.' END || typname"
            + " FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = typnamespace"
            + " WHERE t.oid = "
            + Integer.toUnsignedString(oid);
    try (WireClient client =
        WireClient.connect(
            target.host(), target.port(), target.user(), target.database(), target.password())) {
      List<DataRow> rows =
          client.query(sql).readUntilReady().stream()
              .filter(DataRow.class::isInstance)
              .map(DataRow.class::cast)
              .toList();
      client.terminate().flushOut();
      return rows.isEmpty() ? "#" + Integer.toUnsignedString(oid) : rows.get(0).text(0) + "";
    }
  }
}
