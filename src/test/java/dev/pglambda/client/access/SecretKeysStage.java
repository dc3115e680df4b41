package dev.pglambda.client.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * A role that may log in, use dblink and create objects, and nothing else, and the keys with which
 * calls are signed.
 */
abstract class SecretKeysStage {
  static final String ROLE = "curious";
  static final String INSTALL = "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE";
  static final String VERBOSE =
      "SET client_min_messages = log; SET debug_print_plan = on; SET debug_print_parse = on;"
          + " SET debug_print_rewritten = on";

  final LambdaDatabase database;
  final Connection superuser;

  /** The keys, in each of the forms in which PostgreSQL shows a value. */
  final List<String> keys = new ArrayList<>();

  SecretKeysStage(LambdaDatabase database) throws SQLException {
    this.database = database;
    database.lambda().on("hello", Reply.json("\"hello\""));
    superuser = database.connect();
  }

  @BeforeEach
  void createRole() throws SQLException {
    Queries.execute(
        superuser,
        "DROP SCHEMA IF EXISTS used CASCADE",
        "CREATE SCHEMA used",
        "CREATE ROLE " + ROLE + " LOGIN",
        "GRANT USAGE, CREATE ON SCHEMA used TO " + ROLE,
        """
        CREATE FUNCTION used.greet() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
          RETURN (SELECT payload FROM aws_lambda.invoke('hello', '1'::json));
        END $$
        """);
    rememberKeys(superuser);
  }

  void rememberKeys(Connection connection) throws SQLException {
    keys.clear();
    String[] stored =
        Queries.row(
                connection,
                "SELECT link_password, encode(ipad, 'hex'), encode(opad, 'hex'),"
                    + " encode(callback_ipad, 'hex'), encode(callback_opad, 'hex')"
                    + " FROM pglambda.settings")
            .split("\\|", -1);
    for (String key : stored) {
      keys.add(key);
      keys.add(decimals(key.getBytes(StandardCharsets.US_ASCII)));
      keys.add(decimals(HexFormat.of().parseHex(key)));
    }
  }

  @AfterEach
  void dropRole() throws SQLException {
    Queries.execute(superuser, "DROP OWNED BY " + ROLE, "DROP ROLE " + ROLE);
    superuser.close();
  }

  /** As debug_print_plan shows the bytes of a constant, but for the spaces. */
  static String decimals(byte[] bytes) {
    StringBuilder text = new StringBuilder();
    for (byte each : bytes) {
      text.append(each);
    }
    return text.toString();
  }

  void assertNoKeyIn(String shown) {
    String withoutSpace = shown.replaceAll("\\s+", "");
    assertThat(keys).hasSize(15).noneMatch(withoutSpace::contains);
  }

  WireClient client() throws IOException {
    return client(database.name());
  }

  WireClient client(String name) throws IOException {
    return WireClient.connect(database.proxy().host(), database.proxy().port(), ROLE, name, null);
  }

  /** Everything that the server said. */
  static String answer(WireClient client) throws IOException {
    return client.readUntilReady().toString();
  }
}
