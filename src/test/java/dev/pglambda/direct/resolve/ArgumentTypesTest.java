package dev.pglambda.direct.resolve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.TypeOid;
import dev.pglambda.testing.PostgresServer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Asks servers of each version for types, and reads what they say. */
class ArgumentTypesTest {
  private static final int NAME = 19;
  private static final int REGCLASS = 2205;

  static List<String> versions() {
    return PostgresServer.versions();
  }

  /** A conversion of a type to itself is to its own length. */
  @ParameterizedTest
  @MethodSource("versions")
  void readsTypesOfTheCatalog(String version) throws SQLException {
    PostgresServer server = PostgresServer.of(version);
    try (Connection connection = server.connect(server.createDatabase())) {
      assertThat(ask(connection, TypeOid.TEXT, TypeOid.BPCHAR, 114, 2249))
          .containsExactlyInAnyOrder(
              new ArgumentType(
                  TypeOid.TEXT,
                  "text",
                  TypeOid.TEXT,
                  'S',
                  true,
                  Set.of(TypeOid.BPCHAR, TypeOid.VARCHAR, NAME, REGCLASS),
                  false),
              new ArgumentType(
                  TypeOid.BPCHAR,
                  "character",
                  TypeOid.BPCHAR,
                  'S',
                  false,
                  Set.of(TypeOid.TEXT, TypeOid.BPCHAR, TypeOid.VARCHAR, NAME),
                  false),
              new ArgumentType(114, "json", 114, 'U', false, Set.of(), false),
              new ArgumentType(2249, "record", 2249, 'P', false, Set.of(), false));
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void leavesOutWhatIsNoType(String version) throws SQLException {
    PostgresServer server = PostgresServer.of(version);
    try (Connection connection = server.connect(server.createDatabase())) {
      assertThat(ask(connection)).isEmpty();
      assertThat(ask(connection, 0, -1, TypeOid.TEXT, TypeOid.TEXT)).hasSize(1);
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void saysOfADomainWhatItsBaseTypeIs(String version) throws SQLException {
    PostgresServer server = PostgresServer.of(version);
    try (Connection connection = server.connect(server.createDatabase())) {
      execute(connection, "CREATE DOMAIN one AS varchar(3)", "CREATE SCHEMA hidden");
      execute(connection, "CREATE DOMAIN hidden.two AS one");
      int two = oid(connection, "hidden.two");
      assertThat(ask(connection, two))
          .containsExactly(
              new ArgumentType(
                  two,
                  "hidden.two",
                  TypeOid.VARCHAR,
                  'S',
                  false,
                  Set.of(TypeOid.TEXT, TypeOid.VARCHAR, TypeOid.BPCHAR, NAME, REGCLASS),
                  false));
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void knowsTheCompositeAndWhatBecomesOne(String version) throws SQLException {
    PostgresServer server = PostgresServer.of(version, true);
    try (Connection connection = server.connect(server.createDatabase())) {
      execute(connection, "CREATE EXTENSION aws_commons");
      execute(connection, "CREATE TABLE arns OF " + WrittenCalls.ARN);
      execute(connection, "CREATE DOMAIN arn_domain AS " + WrittenCalls.ARN);
      int arn = oid(connection, WrittenCalls.ARN);
      int arns = oid(connection, "arns");
      int domain = oid(connection, "arn_domain");
      assertThat(ask(connection, arn, arns, domain))
          .containsExactlyInAnyOrder(
              new ArgumentType(arn, WrittenCalls.ARN, arn, 'C', false, Set.of(), true),
              new ArgumentType(arns, "arns", arns, 'C', false, Set.of(0), false),
              new ArgumentType(domain, "arn_domain", arn, 'C', false, Set.of(), true));
    }
  }

  /** Neither operators of the user's own nor missing privileges make a difference. */
  @ParameterizedTest
  @MethodSource("versions")
  void asksTheSameWhateverTheSearchPathAndTheRole(String version) throws SQLException {
    PostgresServer server = PostgresServer.of(version, true);
    String database = server.createDatabase();
    try (Connection connection = server.connect(database)) {
      execute(
          connection,
          "CREATE EXTENSION aws_commons",
          "REVOKE ALL ON SCHEMA aws_commons FROM PUBLIC",
          "CREATE FUNCTION never(oid, oid) RETURNS boolean LANGUAGE sql AS 'SELECT false'",
          "CREATE OPERATOR = (LEFTARG = oid, RIGHTARG = oid, FUNCTION = never)",
          "CREATE OPERATOR <> (LEFTARG = oid, RIGHTARG = oid, FUNCTION = never)",
          "CREATE FUNCTION format_type(oid, int4) RETURNS text LANGUAGE sql AS 'SELECT NULL'",
          "CREATE TABLE pg_type ()",
          "CREATE TABLE pg_cast ()",
          "GRANT USAGE ON SCHEMA public TO PUBLIC");
      int arn = oid(connection, WrittenCalls.ARN);
      List<ArgumentType> before = ask(connection, TypeOid.TEXT, arn);
      execute(
          connection,
          "SET search_path = public, pg_catalog",
          "SET standard_conforming_strings = off",
          "CREATE ROLE argument_types_user",
          "SET ROLE argument_types_user");
      List<ArgumentType> after = ask(connection, TypeOid.TEXT, arn);
      execute(connection, "RESET ROLE", "DROP ROLE argument_types_user");

      assertThat(after).containsExactlyInAnyOrderElementsOf(before).hasSize(2);
      assertThat(after).anyMatch(ArgumentType::arn);
    }
  }

  private static List<ArgumentType> ask(Connection connection, Integer... oids)
      throws SQLException {
    String sql = ArgumentType.QUERY.replace("$1", "?");
    List<ArgumentType> types = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setObject(1, ArgumentType.parameter(List.of(oids)), Types.OTHER);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          List<@Nullable String> row = new ArrayList<>();
          for (int column = 1; column <= rows.getMetaData().getColumnCount(); column++) {
            row.add(rows.getString(column));
          }
          types.add(ArgumentType.read(row));
        }
      }
    }
    return types;
  }

  private static int oid(Connection connection, String type) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT '" + type + "'::regtype::oid")) {
      rows.next();
      return rows.getInt(1);
    }
  }

  private static void execute(Connection connection, String... statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }
}
