package dev.pglambda.client.access;

import static dev.pglambda.client.access.Uninvited.GREET;
import static dev.pglambda.client.access.Uninvited.INVOKE;
import static dev.pglambda.client.access.Uninvited.PASSWORD;
import static dev.pglambda.client.access.Uninvited.ROLE;
import static dev.pglambda.client.access.Uninvited.ask;
import static dev.pglambda.client.access.Uninvited.sayHello;
import static dev.pglambda.client.access.Uninvited.stateOfError;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An uninvited role opens no link, and sends nothing over the link of another.
 *
 * @see Uninvited
 */
@ParameterizedClass
@MethodSource("dev.pglambda.client.access.Uninvited#ofEachVersion")
class UninvitedLinkTest {
  private final Uninvited uninvited;
  private final LambdaDatabase database;

  UninvitedLinkTest(Uninvited uninvited) {
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
  @ValueSource(
      strings = {
        "",
        " password=''",
        " password=guess",
        " password=" + PASSWORD,
        " password=0000000000000000000000000000000000000000000000000000000000000000",
        " password=guess client_encoding=LATIN1 options='-c pglambda.nonce=1'",
      })
  void opensNoLinkOfHisOwn(String password) throws SQLException {
    try (Connection connection = database.connectAs(ROLE)) {
      String address =
          "host=127.0.0.1 port=%d user=pglambda dbname=%s sslmode=disable"
              .formatted(database.proxy().port(), uninvited.linkDatabase());

      assertThat(
              stateOfError(
                  connection,
                  "SELECT used.dblink_connect('pglambda', $$" + address + password + "$$)"))
          .isIn("08001", "2F003");
      assertThat(stateOfError(connection, INVOKE)).isEqualTo("42501");
    }
    uninvited.assertRequests(0);
  }

  /** Once: the proxy lets an address wait that fails again and again. */
  @Test
  void opensNoLinkWithoutDblinkEither() {
    assertThatThrownBy(
            () -> database.proxy().connect(uninvited.linkDatabase(), "pglambda", PASSWORD, ""))
        .hasMessageContaining("password authentication failed for user \"pglambda\"");
    uninvited.assertRequests(0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "invoke/1 1 -4:name5:hello-1:1-------",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "wait/1 1",
        "SELECT aws_lambda.invoke('hello', '1'::json)",
        "BEGIN",
      })
  void sendsNothingUnsignedOverTheLinkOfAnother(String request) throws SQLException {
    try (Connection connection = uninvited.withLink()) {
      sayHello(connection);
      assertThat(ask(connection, request)).isEqualTo("not a request of the extension aws_lambda");

      Queries.execute(connection, GREET);
    }
    uninvited.assertRequests(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"pglambda", "00000000000000000000000000000000", "of-the-uninvited"})
  void sendsNothingSignedWithAGuessedKey(String key) throws Exception {
    try (Connection connection = uninvited.withLink()) {
      String call =
          uninvited
              .recorded()
              .group(1)
              .replaceFirst("invoke/1 \\d+", "invoke/1 9000000000000000000");
      String nonce = sayHello(connection);
      Queries.row(connection, "SELECT set_config('pglambda.nonce', ?, false)", nonce);

      assertThat(ask(connection, proof(key, nonce + " " + call) + " " + call)).isEqualTo("stale");
      assertThat(ask(connection, "0".repeat(64) + " " + call)).isEqualTo("stale");
    }
    uninvited.assertRequests(1);
  }

  private static String proof(String key, String text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key.getBytes(US_ASCII), "HmacSHA256"));
    return HexFormat.of().formatHex(mac.doFinal(text.getBytes(US_ASCII)));
  }

  @Test
  void replaysNothingThatWasRecordedFromTheWire() throws SQLException {
    try (Connection connection = uninvited.withLink()) {
      String call = uninvited.recorded().group().replace("\0", "");

      assertThat(ask(connection, call)).isEqualTo("stale");
      sayHello(connection);
      assertThat(ask(connection, call)).isEqualTo("stale");
      try (Connection another = uninvited.withLink()) {
        assertThat(ask(another, call)).isEqualTo("stale");
        assertThat(ask(another, uninvited.recorded().group().replace("\0", ""))).isEqualTo("stale");
      }
      Queries.execute(connection, GREET);
    }
    uninvited.assertRequests(3);
  }
}
