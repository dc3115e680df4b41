package dev.pglambda.sql;

import java.util.stream.Stream;

/** What the texts of the proxy's stand for, of any format. */
public final class Originals {
  private Originals() {}

  /** A text with the originals in place of all nested blocks and sub-queries. */
  public static String in(String text) {
    String originals = text;
    for (TextMarkers each :
        Stream.concat(TextFormat.VIEWS.stream(), TextFormat.NESTED_BLOCKS.stream()).toList()) {
      originals = each.originals(originals);
    }
    return originals;
  }
}
