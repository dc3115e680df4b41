package dev.pglambda.conformance;

import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What the runner knows of the server's types, by OID; those not built in are looked up. */
final class ServerTypes {
  /**
   * One type.
   *
   * @param name as in pg_type, with the schema if that is not pg_catalog; {@code #oid} if other
   *     sessions do not see the type (yet)
   * @param kind {@code pg_type.typtype}: b, c, d, e, p ...
   * @param element OID of an array's elements or of what a domain is made of; else 0
   * @param attributes OIDs of a composite type's attributes, in order
   */
  record Type(String name, char kind, int element, List<Integer> attributes) {
    boolean isArray() {
      return kind != 'd' && element != 0;
    }
  }

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

  private static final String LOOK_UP =
      """
      SELECT CASE nspname WHEN 'pg_catalog' THEN '' ELSE nspname || '.' END || typname, typtype,
        CASE WHEN typtype = 'd' THEN typbasetype WHEN typlen = -1 THEN typelem ELSE 0 END,
        ARRAY(SELECT atttypid FROM pg_catalog.pg_attribute
          WHERE attrelid = typrelid AND attnum > 0 AND NOT attisdropped ORDER BY attnum)
      FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = typnamespace
      WHERE t.oid =\s""";

  private final Target target;
  private final Map<Integer, Type> known = new HashMap<>();

  ServerTypes(Target target) {
    this.target = target;
    BUILT_IN.forEach((oid, name) -> known.put(oid, new Type(name, 'b', 0, List.of())));
  }

  Type type(int oid) throws IOException {
    Type type = known.get(oid);
    if (type == null) {
      type = lookUp(oid);
      if (!type.name().startsWith("#")) {
        known.put(oid, type);
      }
    }
    return type;
  }

  private Type lookUp(int oid) throws IOException {
    try (WireClient client =
        WireClient.connect(
            target.host(), target.port(), target.user(), target.database(), target.password())) {
      List<DataRow> rows =
          client.query(LOOK_UP + Integer.toUnsignedString(oid)).readUntilReady().stream()
              .filter(DataRow.class::isInstance)
              .map(DataRow.class::cast)
              .toList();
      client.terminate().flushOut();
      return rows.isEmpty()
          ? new Type("#" + Integer.toUnsignedString(oid), 'b', 0, List.of())
          : type(rows.get(0).texts().toArray(String[]::new));
    }
  }

  private static Type type(String[] columns) {
    List<Integer> attributes =
        Stream.of(columns[3].replaceAll("[{}]", "").split(","))
            .filter(oid -> !oid.isEmpty())
            .map(Integer::parseUnsignedInt)
            .toList();
    return new Type(
        columns[0], columns[1].charAt(0), Integer.parseUnsignedInt(columns[2]), attributes);
  }
}
