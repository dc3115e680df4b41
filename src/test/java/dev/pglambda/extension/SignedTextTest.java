package dev.pglambda.extension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.sql.ExtensionStatement;
import dev.pglambda.sql.ExtensionStatements;
import dev.pglambda.sql.SqlText;
import dev.pglambda.testing.PostgresServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Who may use dblink can put a link of his own under the worker's name, and anyone can set {@code
 * pglambda.nonce}. Neither may decide with which words the text begins that the worker signs: else
 * he could have a request of his own signed, the worker's real one being its last field.
 */
class SignedTextTest {
  private static final String INSTALL = "CREATE EXTENSION aws_lambda CASCADE";
  private static final String GENUINE = "0123456789abcdef0123456789abcdef";
  private static final String CRAFTED = GENUINE + " invoke/1 9 -4:name6:others-99:";
  private static final String CALL = "SELECT status_code FROM aws_lambda.invoke('f', '{}'::json)";

  /** The parameter that the proxy adds to a session's startup message, signed with its secret. */
  private static final String COME_THROUGH_THE_PROXY =
      "SELECT set_config('pglambda.callback', p || '|' || encode(sha256(callback_opad ||"
          + " sha256(callback_ipad || convert_to('callback ' || p, 'UTF8'))), 'hex'), false) FROM"
          + " pglambda.settings, (VALUES ('proxy.example|6543|token')) AS v (p)";

  private static final TrustedRoles TRUSTED = TrustedRoles.of(List.of());

  private final ExtensionInstaller installer = new ExtensionInstaller(TRUSTED);

  static Iterable<String> versions() {
    return PostgresServer.versions();
  }

  @ParameterizedTest
  @MethodSource("versions")
  void signsNothingForALinkThatAnswersHelloWithMoreThanANonce(String version) throws SQLException {
    try (Connection connection = withLinkThatAnswersHelloWith(CRAFTED, version);
        Statement jdbc = connection.createStatement()) {
      assertThatThrownBy(() -> jdbc.execute(CALL))
          .hasMessageContaining("gave an answer that aws_lambda does not know");
      assertThat(value(jdbc, "SELECT currval('request_number')")).isEqualTo("1"); // hello
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void asksForANonceIfTheUserHasSetSomethingElse(String version) throws SQLException {
    try (Connection connection = withLinkThatAnswersHelloWith(GENUINE, version);
        Statement jdbc = connection.createStatement()) {
      jdbc.execute("SELECT set_config('pglambda.nonce', '" + CRAFTED + "', false)");

      assertThat(value(jdbc, CALL)).isEqualTo("200");

      assertThat(value(jdbc, "SHOW pglambda.nonce")).isEqualTo(GENUINE);
      assertThat(value(jdbc, "SELECT currval('request_number')")).isEqualTo("2");
    }
  }

  /** Puts functions in place of the bindings of dblink: there is a link, and it answers. */
  private Connection withLinkThatAnswersHelloWith(String nonce, String version)
      throws SQLException {
    PostgresServer server = PostgresServer.of(version);
    Connection connection = server.connect(server.createDatabase());
    ExtensionStatement statement = ExtensionStatements.find(new SqlText(INSTALL, true)).get(0);
    try (Statement jdbc = connection.createStatement()) {
      jdbc.execute(OfferedKeys.to(installer.install(statement, INSTALL), TRUSTED));
      jdbc.execute(COME_THROUGH_THE_PROXY);
      jdbc.execute("CREATE SEQUENCE request_number");
      jdbc.execute(
          "CREATE OR REPLACE FUNCTION pglambda.link_names() RETURNS text[] LANGUAGE sql VOLATILE"
              + " STRICT AS $$ SELECT ARRAY['pglambda'] $$");
      jdbc.execute(
          "CREATE OR REPLACE FUNCTION pglambda.close_link(name text) RETURNS text LANGUAGE sql"
              + " VOLATILE STRICT AS $$ SELECT $1 $$");
      jdbc.execute(
          """
          CREATE OR REPLACE FUNCTION pglambda.ask(
            link text, request text,
            OUT outcome text, OUT status_code text, OUT payload text, OUT executed_version text,
            OUT log_result text, OUT message text, OUT detail text, OUT hint text)
          RETURNS SETOF record LANGUAGE plpgsql VOLATILE STRICT AS $$
          BEGIN
            PERFORM pg_catalog.nextval('public.request_number');
            IF request = 'hello' THEN
              outcome := 'hello';
              payload := '%s';
            ELSE
              outcome := 'ok';
              status_code := '200';
            END IF;
            RETURN NEXT;
          END $$\
          """
              .formatted(nonce));
    }
    return connection;
  }

  private static String value(Statement jdbc, String query) throws SQLException {
    try (ResultSet rows = jdbc.executeQuery(query)) {
      assertThat(rows.next()).isTrue();
      return rows.getString(1);
    }
  }
}
