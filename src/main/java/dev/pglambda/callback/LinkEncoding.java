package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import java.nio.charset.Charset;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The {@code client_encoding} of a link: what the server's database is encoded in.
 *
 * @param name as reported to the client
 * @param hexadecimal whether texts are answered as hexadecimal digits, for PostgreSQL to convert
 */
record LinkEncoding(String name, boolean hexadecimal) {
  static final LinkEncoding UTF8 = new LinkEncoding("UTF8", false);
  private static final LinkEncoding SQL_ASCII = new LinkEncoding("SQL_ASCII", false);

  /** The answer to what cannot be an encoding. */
  static final SqlError INVALID =
      new SqlError(
          SqlState.INVALID_PARAMETER_VALUE, "invalid value for parameter \"client_encoding\"");

  private static final int LONGEST_COMMAND = 200;
  private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_ -]{0,62}");

  /** What libpq's {@code PQsetClientEncoding} sends, which dblink calls; in any case. */
  private static final Pattern COMMAND =
      Pattern.compile(
          "\\s*set\\s+client_encoding\\s+to\\s+'([^']*)'\\s*;?\\s*", Pattern.CASE_INSENSITIVE);

  /**
   * The encoding of a name; null if the text cannot be one. Names other than those of UTF-8 and
   * SQL_ASCII are taken on trust: what is sent then is ASCII, which they all share.
   */
  static @Nullable LinkEncoding named(String name) {
    if (!NAME.matcher(name).matches()) {
      return null;
    }
    // PostgreSQL compares the letters and digits only, in any case.
    return switch (name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "")) {
      case "utf8", "unicode" -> UTF8;
      case "sqlascii" -> SQL_ASCII;
      default -> new LinkEncoding(name, true);
    };
  }

  /** What reads and writes the database's texts, about. */
  Charset charset() {
    return ClientEncoding.charset(name);
  }

  /** The name in {@code set client_encoding to '...'}; null if the text is something else. */
  static @Nullable String nameInCommand(byte[] text, int length) {
    if (length > LONGEST_COMMAND) {
      return null;
    }
    Matcher matcher = COMMAND.matcher(new String(text, 0, length, ISO_8859_1));
    return matcher.matches() ? matcher.group(1) : null;
  }
}
