package dev.pglambda.client.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.Psql;
import dev.pglambda.testing.Psql.Output;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Authentication is between psql and the server: the proxy adds and hides nothing. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofEachVersion")
class PsqlPasswordTest {
  private static final String WHO = "SELECT current_user;";

  private final LambdaDatabase database;

  PsqlPasswordTest(LambdaDatabase database) {
    this.database = database;
  }

  @BeforeEach
  void createRoles() throws SQLException {
    PostgresServer postgres = database.postgres();
    postgres.createRole("client_clear", "p\u00e4ss word", "scram-sha-256");
    postgres.createRole("client_md5", "p\u00e4ss word", "md5");
    postgres.createRole("client_scram", "p\u00e4ss word", "scram-sha-256");
    postgres.createRole("client_rejected", "p\u00e4ss word", "scram-sha-256");
    postgres.setHba(
        "host all client_clear 127.0.0.1/32 password",
        "host all client_md5 127.0.0.1/32 md5",
        "host all client_scram 127.0.0.1/32 scram-sha-256",
        "host all client_rejected 127.0.0.1/32 reject");
  }

  @AfterEach
  void dropRoles() throws SQLException {
    PostgresServer postgres = database.postgres();
    postgres.resetHba();
    postgres.execute("DROP ROLE client_clear, client_md5, client_scram, client_rejected");
  }

  @ParameterizedTest
  @ValueSource(strings = {"client_clear", "client_md5", "client_scram"})
  void passesAPasswordOn(String role) throws Exception {
    Output output = Psql.throughProxy(database).as(role, "p\u00e4ss word").with("-At").run(WHO);

    assertThat(output).isEqualTo(new Output(0, role + "\n"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"client_clear", "client_md5", "client_scram"})
  void passesTheServersWordsOnAWrongPasswordBack(String role) throws Exception {
    Output direct = Psql.directly(database).as(role, "wrong").run(WHO);
    Output proxied = Psql.throughProxy(database).as(role, "wrong").run(WHO);

    assertThat(direct.text())
        .contains("FATAL:  password authentication failed for user \"" + role + "\"");
    assertThat(proxied).isEqualTo(atTheProxysPort(direct));
  }

  @Test
  void letsARoleInWithoutPasswordIfTheServerDoes() throws Exception {
    Output output = Psql.throughProxy(database).with("-At").run(WHO);

    assertThat(output).isEqualTo(new Output(0, "postgres\n"));
  }

  @ParameterizedTest
  @CsvSource({
    "no password, --username=client_scram, fe_sendauth: no password supplied",
    "a role that is shut out, --username=client_rejected, pg_hba.conf rejects connection",
    "a role that is not there, --username=client_nobody, role \"client_nobody\" does not exist",
    "a database that is not there, --dbname=client_nothing, database \"client_nothing\" does not",
    "encryption, --dbname=sslmode=require, server does not support SSL",
  })
  void refusesInTheServersWords(String what, String option, String words) throws Exception {
    Output direct = Psql.directly(database).with(option).run(WHO);
    Output proxied = Psql.throughProxy(database).with(option).run(WHO);

    assertThat(direct.text()).as(what).contains(words);
    assertThat(proxied).as(what).isEqualTo(atTheProxysPort(direct));
  }

  /** psql names the port it connected to. */
  private Output atTheProxysPort(Output direct) {
    return new Output(
        direct.exitCode(),
        direct
            .text()
            .replace("port " + database.postgres().port(), "port " + database.proxy().port()));
  }
}
