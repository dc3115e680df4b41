package dev.pglambda.extension;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Offers keys to an installing block as the proxy does, but in SQL: for tests without a proxy. */
final class OfferedKeys {
  static final CallbackSettings SETTINGS =
      new CallbackSettings(
          "proxy.example",
          6543,
          false,
          "0123456789abcdef".repeat(2),
          "link-password",
          new KeyPads("1a".repeat(64), "2b".repeat(64)),
          new KeyPads("3c".repeat(64), "4d".repeat(64)));

  private OfferedKeys() {}

  /** A text of several statements that opens the cursor and runs the block. */
  static String to(String block, TrustedRoles trustedRoles) {
    CallbackKeySql offer = CallbackKeySql.of(trustedRoles);
    String query = offer.query();
    List<@Nullable String> values = offer.values(SETTINGS);
    for (int i = 0; i < values.size(); i++) {
      String value = values.get(i);
      query = query.replace("$" + (i + 1), value == null ? "NULL" : "'" + value + "'");
    }
    return "BEGIN; DECLARE %s CURSOR FOR %s; %s; COMMIT"
        .formatted(CallbackKeySql.CURSOR, query, block);
  }
}
