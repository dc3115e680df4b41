package dev.pglambda.extension;

import static dev.pglambda.extension.SqlTemplate.dollarQuoted;
import static dev.pglambda.extension.SqlTemplate.literal;

import dev.pglambda.sql.TextFormat;
import java.util.Arrays;
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
 * @param ask a query without parameters and without a key. Its one row has two columns of text:
 *     {@code t} or {@code f}, whether the current role may have the keys here; and the installation
 *     whose keys are stored here, if the current role may keep it, or NULL
 * @param askForProcedure the same for a statement that calls a procedure: the answer is {@code t}
 *     only if the database has a routine with a nested installing block, and has not got the
 *     extension
 * @param query the query behind the cursor; its parameters are text
 */
public record CallbackKeySql(String ask, String askForProcedure, String query) {
  /** Name of the portal. */
  public static final String CURSOR = "pglambda_keys";

  /** SQLSTATE of the message by which a block asks for the keys. */
  public static final String WANTED = "ZL001";

  /** SQLSTATE of the message by which {@link #STORE_BLOCK} says that it failed. */
  public static final String FAILED = "ZL002";

  private static final Map<String, String> PLACES =
      Map.of(
          "cursor", literal(CURSOR),
          "table", literal(ExtensionScript.of("aws_lambda").section("table")),
          "wanted_code", literal(WANTED),
          "wanted_message", literal("aws_lambda wants the keys of pg-lambda-proxy"),
          "failed_code", literal(FAILED));

  /** The part of a block that stores what is offered. */
  static final String STORE = SqlTemplate.named("store_settings.sql").fill(PLACES);

  /** A block that only stores what is offered; it does not fail. */
  public static final String STORE_BLOCK =
      "DO "
          + dollarQuoted(
              "\n" + SqlTemplate.named("store_block.sql").fill(PLACES) + "\n", "pglambda_do");

  /** The queries by which only trusted roles get the keys. */
  public static CallbackKeySql of(TrustedRoles trustedRoles) {
    Map<String, String> values =
        Map.of(
            "is_trusted", trustedRoles.condition("r"),
            "owner_is_trusted", trustedRoles.condition("o"),
            "block", literal(TextFormat.BLOCK_START));
    return new CallbackKeySql(
        SqlTemplate.named("ask.sql").fill(values),
        SqlTemplate.named("ask_for_procedure.sql").fill(values),
        SqlTemplate.named("offer_keys.sql").fill(values));
  }

  /** The parameters of {@link #query}; an element may be null. */
  public List<@Nullable String> values(CallbackSettings settings) {
    return Collections.unmodifiableList(
        Arrays.asList(
            settings.installation(),
            settings.linkPassword(),
            settings.requestKey().innerHex(),
            settings.requestKey().outerHex(),
            settings.callbackKey().innerHex(),
            settings.callbackKey().outerHex(),
            settings.host(),
            Integer.toString(settings.port()),
            Boolean.toString(settings.tls())));
  }
}
