package dev.pglambda.client.access;

import static dev.pglambda.client.access.Uninvited.GREET;
import static dev.pglambda.client.access.Uninvited.INVOKE;
import static dev.pglambda.client.access.Uninvited.ROLE;
import static dev.pglambda.client.access.Uninvited.stateOfError;
import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.WireClient;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An uninvited role sends the calls of others nowhere else.
 *
 * @see Uninvited
 */
@ParameterizedClass
@MethodSource("dev.pglambda.client.access.Uninvited#ofEachVersion")
class UninvitedParameterTest {
  private final Uninvited uninvited;
  private final LambdaDatabase database;

  UninvitedParameterTest(Uninvited uninvited) {
    this.uninvited = uninvited;
    this.database = uninvited.database();
  }

  @BeforeEach
  void createRole() throws SQLException {
    uninvited.createRole();
  }

  @AfterEach
  void dropRole() throws SQLException {
    uninvited.dropRole();
  }

  @ParameterizedTest
  @ValueSource(strings = {"%s", "%s|more", "|||", "127.0.0.1|1|x|", "127.0.0.1"})
  void sendsNoCallElsewhereWithAParameterOfHisOwn(String form) throws Exception {
    try (Trap trap = Trap.open();
        Connection connection = database.connectAs(ROLE)) {
      Queries.row(
          connection,
          "SELECT set_config('pglambda.callback', ?, false)",
          form.formatted(trap.callbackParameter()));

      assertThat(stateOfError(connection, GREET)).isEqualTo("28000");
      assertThat(stateOfError(connection, INVOKE)).isEqualTo("42501");
      trap.assertNobodyCame();
    }
    uninvited.assertRequests(0);
  }

  @Test
  void sendsNoCallElsewhereWithOptionsOfASessionThatBypassesTheProxy() throws Exception {
    try (Trap trap = Trap.open()) {
      uninvited.asSuperuser(
          "ALTER ROLE " + ROLE + " SET pglambda.callback = '" + trap.callbackParameter() + "'");
      for (String options : List.of("", "-c pglambda.callback=" + trap.callbackParameter())) {
        try (WireClient client =
            WireClient.open(database.postgres().host(), database.postgres().port())) {
          client.startUp(
              Map.of("user", ROLE, "database", database.name(), "options", options), null);
          assertThat(client.query(GREET).readUntilReady().toString()).contains("C=28000");
        }
      }
      trap.assertNobodyCame();
    }
    uninvited.assertRequests(0);
  }

  @Test
  void cannotPutAParameterOfHisOwnInPlaceOfTheProxys() throws Exception {
    try (Trap trap = Trap.open()) {
      uninvited.asSuperuser(
          "ALTER ROLE " + ROLE + " SET pglambda.callback = '" + trap.callbackParameter() + "'");
      for (String name : List.of("options", "pglambda.callback")) {
        String value =
            name.equals("options")
                ? "-c pglambda.callback=" + trap.callbackParameter()
                : trap.callbackParameter();
        try (WireClient client =
            WireClient.open(database.proxy().host(), database.proxy().port())) {
          client.startUp(Map.of("user", ROLE, "database", database.name(), name, value), null);
          assertThat(client.query(GREET).readUntilReady().toString())
              .contains("DataRow[\"hello\"]");
        }
      }
      trap.assertNobodyCame();
    }
    uninvited.assertRequests(2);
  }

  @Test
  void gainsNothingByTheParameterOfAnotherSession() throws Exception {
    try (Connection connection = database.connectAs(ROLE)) {
      try (Connection another = database.connect()) {
        Queries.row(
            connection,
            "SELECT set_config('pglambda.callback', ?, false)",
            Queries.row(another, "SHOW pglambda.callback"));

        assertThat(stateOfError(connection, INVOKE)).isEqualTo("42501");
        assertThat(Queries.row(connection, GREET)).isEqualTo("\"hello\"");
      }
      await("the other session has ended").until(() -> database.proxy().sessions() <= 1);
      // The call is the other session's, which has ended.
      assertThat(stateOfError(connection, GREET)).isEqualTo("57P01");
    }
    assertThat(uninvited.requestsOfTheTest()).isBetween(1, 2);
  }

  /** dblink takes the first 63 bytes of a connection string for the name of a foreign server. */
  @Test
  void turnsNoLinkToAForeignServerOfHisOwn() throws Exception {
    uninvited.asSuperuser("GRANT USAGE ON FOREIGN DATA WRAPPER dblink_fdw TO " + ROLE);
    try (Trap trap = Trap.open();
        Connection connection = database.connectAs(ROLE)) {
      String connectionString =
          "user=pglambda dbname=pglambda sslmode=disable gssencmode=disable connect_timeout=10";
      for (String name :
          List.of(
              connectionString.substring(0, 63),
              "application_name=" + "0".repeat(46),
              "application_name=",
              "pglambda")) {
        Queries.execute(
            connection,
            "CREATE SERVER \"%s\" FOREIGN DATA WRAPPER dblink_fdw OPTIONS (host '127.0.0.1', port '%d')"
                .formatted(name, trap.port()),
            "CREATE USER MAPPING FOR PUBLIC SERVER \"%s\" OPTIONS (user 'u', password 'p')"
                .formatted(name));
      }

      assertThat(Queries.row(connection, GREET)).isEqualTo("\"hello\"");
      trap.assertNobodyCame();
      uninvited.asSuperuser("DROP OWNED BY " + ROLE + " CASCADE");
    }
    uninvited.assertRequests(1);
  }
}
