package dev.pglambda.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.opentest4j.TestAbortedException;

class PostgresServerTest {

  @ParameterizedTest
  @MethodSource("dev.pglambda.testing.PostgresServer#versions")
  void givesTheVersionThatWasAskedFor(String version) throws SQLException {
    PostgresServer server = PostgresServer.of(version);

    assertThat(server.majorVersion()).isEqualTo(Integer.parseInt(version));
    assertThat(query(server, "SHOW server_version")).startsWith(version + ".");
  }

  @ParameterizedTest
  @MethodSource("dev.pglambda.testing.PostgresServer#versions")
  void hasTheExtensionsFilesOnlyIfAskedTo(String version) throws SQLException {
    String available =
        "SELECT string_agg(name, ' ' ORDER BY name) FROM pg_available_extensions"
            + " WHERE name LIKE 'aws%'";

    PostgresServer with = PostgresServer.of(version, true);
    PostgresServer without = PostgresServer.of(version, false);

    assertThat(with).isNotSameAs(without);
    assertThat(query(with, available)).isEqualTo("aws_commons aws_lambda");
    assertThat(query(without, available)).isNull();
  }

  @Test
  void knowsTheOldestAndTheEmbeddedVersion() {
    // On other platforms than linux-amd64 pom.xml has no oldest version: see of().
    PostgresServer.of("12");

    assertThat(PostgresServer.versions()).startsWith("12").contains("17");
  }

  @Test
  void isOneServerForAll() {
    assertThat(PostgresServer.of("17")).isSameAs(PostgresServer.of("17"));
  }

  @Test
  void givesEachTestADatabaseOfItsOwn() throws SQLException {
    PostgresServer server = PostgresServer.of("17");

    String first = server.createDatabase();
    String second = server.createDatabase();

    assertThat(first).isNotEqualTo(second);
    try (Connection connection = server.connect(second)) {
      assertThat(connection.getCatalog()).isEqualTo(second);
    }
  }

  @Test
  void skipsATestWhoseVersionIsMissing() {
    assertThatThrownBy(() -> PostgresServer.of("8"))
        .isInstanceOf(TestAbortedException.class)
        .hasMessageContaining("no programs of PostgreSQL 8");
  }

  @ParameterizedTest
  @MethodSource("dev.pglambda.testing.PostgresServer#versions")
  void asksForPasswordsByEachMethod(String version) throws SQLException {
    PostgresServer server = PostgresServer.of(version);
    server.createRole("hba_md5", "secret", "md5");
    server.createRole("hba_scram", "it's", "scram-sha-256");
    server.setHba(
        "host all hba_md5 127.0.0.1/32 md5", "host all hba_scram 127.0.0.1/32 scram-sha-256");
    try {
      server.connect("postgres", "hba_md5", "secret").close();
      server.connect("postgres", "hba_scram", "it's").close();
      assertThatThrownBy(() -> server.connect("postgres", "hba_md5", "wrong"))
          .hasMessageContaining("password authentication failed");
      assertThatThrownBy(() -> server.connect("postgres", "hba_scram", "wrong"))
          .hasMessageContaining("password authentication failed");
    } finally {
      server.resetHba();
      server.execute("DROP ROLE hba_md5", "DROP ROLE hba_scram");
    }
  }

  @Test
  void letsEverybodyInAfterAReset() throws SQLException {
    PostgresServer server = PostgresServer.of("17");
    server.createRole("hba_reset", "secret", "scram-sha-256");
    server.setHba("host all hba_reset all reject");
    assertThatThrownBy(() -> server.connect("postgres", "hba_reset", "secret"))
        .hasMessageContaining("pg_hba.conf rejects connection");

    server.resetHba();

    server.connect("postgres", "hba_reset", "any").close();
    server.execute("DROP ROLE hba_reset");
  }

  @Test
  void refusesWrongRules() throws SQLException {
    PostgresServer server = PostgresServer.of("17");
    try {
      assertThatThrownBy(() -> server.setHba("host all all nowhere"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("pg_hba.conf");
    } finally {
      server.resetHba();
    }
  }

  private static @Nullable String query(PostgresServer server, String sql) throws SQLException {
    try (Connection connection = server.connect("postgres");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }
}
