package dev.pglambda.extension;

import static dev.pglambda.extension.SqlTemplate.dollarQuoted;
import static dev.pglambda.extension.SqlTemplate.literal;

import dev.pglambda.sql.TextFormat;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the installed extension gets the address of the proxy and its keys, without a key in any
 * statement's text (which clients, {@code pg_stat_activity} and the server's log could show).
 *
 * <p>The proxy first {@linkplain #ask asks} whether the current role may have them. If so it binds
 * the portal {@link #CURSOR} to {@link #query} with {@link #values} just before it sends an {@link
 * ExtensionInstaller#install installing block}; the block fetches the row from that cursor. The
 * query, too, sees to it that only a role gets one that is trusted and may install the extension
 * here. A block that wants the row and finds no cursor (it stood in a function's body, say) tells
 * so by an INFO message with the SQLSTATE {@link #WANTED}; the proxy then runs {@link #STORE_BLOCK}
 * after the statement.
 *
 * <p>Immutable.
 */
public final class CallbackKeySql {
  /** Name of the portal. */
  public static final String CURSOR = "pglambda_keys";

  /** SQLSTATE of the message by which a block asks for the keys. */
  public static final String WANTED = "ZL001";

  /** SQLSTATE of the message by which {@link #STORE_BLOCK} says that it failed. */
  public static final String FAILED = "ZL002";

  private static final String FOREIGN_TABLE = SqlTemplate.named("foreign_table.sql").text();
  private static final String UNSAFE_TABLE = SqlTemplate.named("unsafe_table.sql").text();

  /** The part of a block that refuses to go on where the keys would not be safe. */
  static final String CHECK_TABLE =
      SqlTemplate.named("check_table.sql")
          .fill(
              Map.of(
                  "foreign_table", FOREIGN_TABLE,
                  "unsafe_table", UNSAFE_TABLE,
                  "foreign_expression", SqlTemplate.named("foreign_expression.sql").text()));

  /** The part of a block that stores what is offered. */
  static final String STORE =
      SqlTemplate.named("store_settings.sql")
          .fill(
              Map.of(
                  "cursor", literal(CURSOR),
                  "foreign_table", FOREIGN_TABLE,
                  "check_table", CHECK_TABLE,
                  "table", literal(ExtensionScript.of("aws_lambda").section("table")),
                  "wanted_code", literal(WANTED),
                  "wanted_message", literal("aws_lambda wants the keys of pg-lambda-proxy")));

  /** A block that only stores what is offered; it does not fail. */
  public static final String STORE_BLOCK =
      "DO "
          + dollarQuoted(
              "\n"
                  + SqlTemplate.named("store_block.sql")
                      .fill(Map.of("store_settings", STORE, "failed_code", literal(FAILED)))
                  + "\n",
              "pglambda_do");

  private final String ask;
  private final String askForProcedure;
  private final String query;

  /**
   * @param trustedRoles who may have the keys
   */
  public CallbackKeySql(TrustedRoles trustedRoles) {
    String mayHaveKeys =
        SqlTemplate.named("may_have_keys.sql")
            .fill(
                Map.of(
                    "is_trusted", trustedRoles.condition("r"),
                    "owner_is_trusted", trustedRoles.condition("o")));
    ask =
        SqlTemplate.named("ask.sql")
            .fill(
                Map.of(
                    "may_have_keys", mayHaveKeys,
                    "foreign_table", FOREIGN_TABLE,
                    "unsafe_table", UNSAFE_TABLE));
    askForProcedure =
        SqlTemplate.named("ask_for_procedure.sql")
            .fill(Map.of("ask", ask, "block", literal(TextFormat.BLOCK_START)));
    query = SqlTemplate.named("offer_keys.sql").fill(Map.of("may_have_keys", mayHaveKeys));
  }

  /**
   * A query without parameters and without a key. Its one row has two columns of text: {@code t} or
   * {@code f}, whether the current role may have the keys here; and the installation whose keys are
   * stored here, if the current role may keep it, or NULL.
   */
  public String ask() {
    return ask;
  }

  /**
   * The same for a statement that calls a procedure: the answer is {@code t} only if the database
   * has a routine with a nested installing block, and has not got the extension.
   */
  public String askForProcedure() {
    return askForProcedure;
  }

  /** The query behind the cursor; its parameters are text. */
  public String query() {
    return query;
  }

  /** The parameters of {@link #query}; an element may be null. */
  public List<@Nullable String> values(CallbackSettings settings) {
    List<@Nullable String> values = new ArrayList<>();
    values.add(settings.installation());
    values.add(settings.linkPassword());
    values.add(settings.requestKey().innerHex());
    values.add(settings.requestKey().outerHex());
    values.add(settings.callbackKey().innerHex());
    values.add(settings.callbackKey().outerHex());
    values.add(settings.host());
    values.add(Integer.toString(settings.port()));
    return Collections.unmodifiableList(values);
  }
}
