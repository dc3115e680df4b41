package dev.pglambda.extension;

import static dev.pglambda.extension.SqlTemplate.dollarQuoted;
import static dev.pglambda.extension.SqlTemplate.literal;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the installed extension gets the address of the proxy and its keys, without a key in any
 * statement's text (which clients, {@code pg_stat_activity} and the server's log could show).
 *
 * <p>The proxy binds the portal {@link #CURSOR} to {@link #QUERY} with {@link #values} just before
 * it sends an {@link ExtensionInstaller#install installing block}; the block fetches the row from
 * that cursor. The query itself sees to it that only a role gets one that is superuser, or that may
 * install the extension here. A block that wants the row and finds no cursor (it stood in a
 * function's body, say) tells so by an INFO message with the SQLSTATE {@link #WANTED}; the proxy
 * then runs {@link #STORE_BLOCK} after the statement.
 */
public final class SettingsOffer {
  /** Name of the portal. */
  public static final String CURSOR = "pglambda_keys";

  /** SQLSTATE of the message by which a block asks for the keys. */
  public static final String WANTED = "ZL001";

  /** SQLSTATE of the message by which {@link #STORE_BLOCK} says that it failed. */
  public static final String FAILED = "ZL002";

  /** The query behind the cursor; its parameters are text. */
  public static final String QUERY = SqlTemplate.named("offer_keys.sql").text();

  /** The part of a block that stores what is offered. */
  static final String STORE =
      SqlTemplate.named("store_settings.sql")
          .fill(
              Map.of(
                  "cursor", literal(CURSOR),
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

  private SettingsOffer() {}

  /** The parameters of {@link #QUERY}; an element may be null. */
  public static List<@Nullable String> values(CallbackSettings settings) {
    List<@Nullable String> values = new ArrayList<>();
    values.add(settings.linkPassword());
    values.add(settings.innerKeyPadHex());
    values.add(settings.outerKeyPadHex());
    values.add(settings.host());
    values.add(Integer.toString(settings.port()));
    return Collections.unmodifiableList(values);
  }
}
