package dev.pglambda.conformance;

import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How a statement is sent. */
public enum Mode {
  /** Query. */
  SIMPLE,
  /** Parse, Bind, Describe, Execute, Sync; unnamed, text format. */
  EXTENDED;

  /**
   * Sends a text.
   *
   * @param parameters values of $1 and so on; of no use to {@link #SIMPLE}
   */
  void send(WireClient client, String sql, List<? extends @Nullable String> parameters)
      throws IOException {
    switch (this) {
      case SIMPLE -> client.query(sql);
      case EXTENDED ->
          client.parse("", sql).bind("", "", parameters).describePortal("").execute("", 0).sync();
    }
  }
}
