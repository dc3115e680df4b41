package dev.pglambda.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.testing.TestBinaries;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Data directories of versions whose embedded server let everybody in as its first superuser,
 * {@code postgres}: what {@code initdb -U postgres --auth=trust} makes, full of objects.
 */
class InstanceUpgradeTest {

  private static final String MEMBERS =
      "WITH RECURSIVE member AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e' UNION"
          + " SELECT d.classid, d.objid FROM pg_depend AS d JOIN member AS m ON d.refclassid ="
          + " m.classid AND d.refobjid = m.objid WHERE d.deptype IN ('a', 'i'))";

  /** What the catalogs say of owners and privileges, but for members of extensions. */
  private static final List<String> SNAPSHOT =
      List.of(
          "SELECT concat(pg_describe_object(classid, objid, objsubid), ' ', deptype, ' ',"
              + " refobjid::regrole) FROM pg_shdepend AS d WHERE refclassid = 'pg_authid'::regclass"
              + " AND classid <> 'pg_event_trigger'::regclass AND dbid = (SELECT oid FROM"
              + " pg_database WHERE datname = current_database()) AND NOT EXISTS (SELECT FROM"
              + " member AS m WHERE m.classid = d.classid AND m.objid = d.objid)",
          "SELECT concat(oid::regclass, ' ', relowner::regrole, ' ', relacl) FROM pg_class AS c"
              + " WHERE oid >= 16384 AND relkind NOT IN ('t') AND relnamespace <>"
              + " 'pg_toast'::regnamespace AND NOT EXISTS (SELECT FROM member AS m WHERE m.classid"
              + " = 'pg_class'::regclass AND m.objid = c.oid)",
          "SELECT concat(oid::regtype, ' ', typowner::regrole, ' ', typacl) FROM pg_type AS t WHERE"
              + " oid >= 16384 AND NOT EXISTS (SELECT FROM member AS m WHERE m.classid ="
              + " 'pg_type'::regclass AND m.objid = t.oid)",
          "SELECT concat(oid::regprocedure, ' ', proowner::regrole, ' ', proacl) FROM pg_proc AS p"
              + " WHERE oid >= 16384 AND NOT EXISTS (SELECT FROM member AS m WHERE m.classid ="
              + " 'pg_proc'::regclass AND m.objid = p.oid)",
          "SELECT concat(attrelid::regclass, ' ', attname, ' ', attacl) FROM pg_attribute WHERE"
              + " attacl IS NOT NULL AND attrelid >= 16384",
          "SELECT concat(nspname, ' ', nspowner::regrole, ' ', nspacl) FROM pg_namespace WHERE"
              + " nspname !~ '^pg_|^information_schema'",
          "SELECT concat(defaclrole::regrole, ' ', defaclnamespace::regnamespace, ' ',"
              + " defaclobjtype, ' ', defaclacl) FROM pg_default_acl",
          "SELECT concat(srvname, ' ', srvowner::regrole, ' ', srvacl) FROM pg_foreign_server",
          "SELECT concat(oid, ' ', lomowner::regrole, ' ', lomacl) FROM pg_largeobject_metadata",
          "SELECT concat(polname, ' ', polroles::regrole[]) FROM pg_policy",
          "SELECT concat(usename, ' ', srvname) FROM pg_user_mappings",
          "SELECT concat(extname, ' ', extowner::regrole) FROM pg_extension WHERE oid >= 16384",
          "SELECT concat(subname, ' ', subowner::regrole) FROM pg_subscription");

  /** The order of its items says nothing. */
  private static final Pattern ACL = Pattern.compile("\\{([^}]*)}");

  @TempDir Path directory;

  private final List<String> progress = new ArrayList<>();

  @ParameterizedTest
  @ValueSource(strings = {"15", "17", "18"})
  void hasAllThatAnEarlierVersionHeldAsIfAMasterUserHadMadeIt(String version) throws Exception {
    BinariesArchive archive = TestBinaries.require(version);
    fill(archive);

    List<String> upgraded;
    try (EmbeddedPostgres postgres = start(archive, instance(false))) {
      assertThat(progress)
          .contains(
              "The user postgres is no superuser any more: what it owned is its own, as a master"
                  + " user's on RDS",
              "Role rdsadmin is called rdsadmin_1 now: the name is the server's own",
              "Role boss is no superuser any more, but a member of rds_superuser",
              "Role copier has no REPLICATION any more: it would be able to read all files",
              "Event trigger evt of database app is disabled: only superusers may have one");
      upgraded = snapshot(postgres, "app");
      assertThat(String.join("\n", upgraded)).doesNotContain(" o rdsadmin");
      try (Connection connection = connect(postgres, "app", "postgres")) {
        assertThat(value(connection, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"))
            .isEqualTo("f");
        assertThat(value(connection, "SELECT string_agg(a, ',' ORDER BY id) FROM s.t"))
            .isEqualTo("one,two");
        assertThat(value(connection, "SELECT s.f(1)")).isEqualTo("2");
        assertThat(value(connection, "SHOW work_mem") + value(connection, "SHOW lock_timeout"))
            .isEqualTo("8MB77ms");
        execute(connection, "ALTER TABLE s.t ADD COLUMN later int; DROP SCHEMA s CASCADE");
      }
    }
    comparesWithRolesThatNeverWereTheFirstSuperuser(archive);
  }

  /** The same statements, by a role postgres that never was the first superuser. */
  private void comparesWithRolesThatNeverWereTheFirstSuperuser(BinariesArchive archive)
      throws Exception {
    Path second = directory.resolve("second");
    try (EmbeddedPostgres postgres = plain(archive, second)) {
      fill(postgres);
    }
    try (EmbeddedPostgres postgres =
        EmbeddedPostgres.start(settings(second, instance(true)), archive, progress::add)) {
      try (Connection connection = connect(postgres, "postgres", "postgres")) {
        execute(connection, "CREATE DATABASE again");
      }
      try (Connection connection = connect(postgres, "again", "postgres")) {
        execute(connection, resource("objects.sql"));
      }
      assertThat(snapshot(postgres, "app")).isEqualTo(snapshot(postgres, "again"));
    }
  }

  @Test
  void changesNothingAtTheSecondStart() throws Exception {
    BinariesArchive archive = TestBinaries.require("17");
    fill(archive);
    List<String> first;
    List<String> roles;
    try (EmbeddedPostgres postgres = start(archive, instance(false))) {
      first = snapshot(postgres, "app");
      roles = roles(postgres);
    }
    progress.clear();

    try (EmbeddedPostgres postgres = start(archive, instance(false))) {
      assertThat(snapshot(postgres, "app")).isEqualTo(first);
      assertThat(roles(postgres)).isEqualTo(roles);
    }

    assertThat(progress).singleElement().asString().startsWith("Starting PostgreSQL 17.");
  }

  @Test
  void doesAgainWhatWasInterrupted() throws Exception {
    BinariesArchive archive = TestBinaries.require("17");
    fill(archive);
    InstanceSettings failing =
        new InstanceSettings(
            false,
            false,
            null,
            "",
            List.of(
                "DO $$ BEGIN PERFORM 1 / (CASE current_database() WHEN 'app' THEN 0 ELSE 1 END);"
                    + " END $$"));
    assertThatThrownBy(() -> start(archive, failing))
        .isInstanceOf(EmbeddedPostgresException.class)
        .hasMessageContaining("division by zero");

    List<String> repeated;
    try (EmbeddedPostgres postgres = start(archive, instance(false))) {
      repeated = snapshot(postgres, "app");
    }

    assertThat(String.join("\n", repeated)).contains("table s.t o postgres");
  }

  @Test
  void takesSuperuserAwayAgainWithoutTheOption() throws Exception {
    BinariesArchive archive = TestBinaries.require("17");
    try (EmbeddedPostgres postgres = start(archive, instance(true));
        Connection connection = connect(postgres, "postgres", "postgres")) {
      assertThat(value(connection, "SHOW is_superuser")).isEqualTo("on");
      execute(connection, "CREATE EXTENSION dblink; CREATE TABLE kept AS SELECT 1 AS one");
      execute(connection, "CREATE ROLE other SUPERUSER LOGIN");
    }

    try (EmbeddedPostgres postgres = start(archive, instance(false));
        Connection connection = connect(postgres, "postgres", "postgres")) {
      assertThat(value(connection, "SHOW is_superuser")).isEqualTo("off");
      assertThat(value(connection, "SELECT one FROM kept")).isEqualTo("1");
      assertThat(value(connection, "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolsuper"))
          .isEqualTo("rdsadmin");
      assertThatThrownBy(() -> execute(connection, "SELECT dblink_connect_u('x', '')"))
          .hasMessageContaining("permission denied for function dblink_connect_u");
      execute(connection, "DROP EXTENSION dblink");
    }
  }

  private void fill(BinariesArchive archive) throws Exception {
    try (EmbeddedPostgres postgres = plain(archive, directory.resolve("data"))) {
      fill(postgres);
    }
  }

  private EmbeddedPostgres plain(BinariesArchive archive, Path dataDir) throws Exception {
    return EmbeddedPostgres.start(
        new EmbeddedPostgres.EmbeddedSettings(dataDir, 0, Map.of(), Map.of("fsync", "off")),
        archive,
        progress::add);
  }

  private static void fill(EmbeddedPostgres postgres) throws Exception {
    try (Connection connection = connect(postgres, "postgres", "postgres")) {
      execute(connection, "CREATE DATABASE app");
      execute(connection, "CREATE DATABASE \"größe 'x' -- \"");
      execute(connection, "CREATE ROLE rdsadmin");
      execute(connection, resource("roles.sql"));
    }
    try (Connection connection = connect(postgres, "app", "postgres")) {
      execute(connection, resource("objects.sql"));
    }
  }

  private EmbeddedPostgres start(BinariesArchive archive, InstanceSettings instance)
      throws Exception {
    return EmbeddedPostgres.start(
        settings(directory.resolve("data"), instance), archive, progress::add);
  }

  private static EmbeddedPostgres.EmbeddedSettings settings(
      Path dataDir, InstanceSettings instance) {
    return new EmbeddedPostgres.EmbeddedSettings(
        dataDir, 0, Map.of(), Map.of("fsync", "off"), instance);
  }

  private static InstanceSettings instance(boolean superuser) {
    return new InstanceSettings(superuser, false, null, "", List.of());
  }

  private static List<String> roles(EmbeddedPostgres postgres) throws SQLException {
    try (Connection connection = connect(postgres, "postgres", "postgres")) {
      List<String> rows = new ArrayList<>(rows(connection, "SELECT r::text FROM pg_roles AS r"));
      rows.addAll(rows(connection, "SELECT m::text FROM pg_auth_members AS m"));
      rows.addAll(rows(connection, "SELECT d::text FROM pg_shdepend AS d WHERE dbid = 0"));
      return rows;
    }
  }

  private static List<String> snapshot(EmbeddedPostgres postgres, String database)
      throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Connection connection = connect(postgres, database, "postgres")) {
      execute(connection, "SET search_path = pg_catalog");
      for (String query : SNAPSHOT) {
        rows.addAll(rows(connection, MEMBERS + query));
      }
    }
    return rows;
  }

  private static List<String> rows(Connection connection, String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(query + " ORDER BY 1")) {
      while (result.next()) {
        rows.add(ACL.matcher(result.getString(1)).replaceAll(InstanceUpgradeTest::sorted));
      }
    }
    return rows;
  }

  private static String sorted(MatchResult acl) {
    return Matcher.quoteReplacement(
        Stream.of(acl.group(1).split(",", -1)).sorted().toList().toString());
  }

  private static String value(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      result.next();
      return result.getString(1);
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String resource(String name) throws Exception {
    try (InputStream in = InstanceUpgradeTest.class.getResourceAsStream("/embedded/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static Connection connect(EmbeddedPostgres postgres, String database, String user)
      throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + postgres.port() + "/" + database, user, "");
  }
}
