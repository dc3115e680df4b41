package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The fields of a request, as the worker writes them. */
final class Fields {
  private Fields() {}

  /** A call of the text overload without session. */
  static String call(String function, String payload) {
    return of(null, "name", function, null, payload, null, null, null, null, null, null, null);
  }

  static String callInSession(String session) {
    return of(session, "name", "f", null, "{}", null, null, null, null, null, null, null);
  }

  static String of(@Nullable String... fields) {
    return Arrays.stream(fields).map(Fields::field).collect(Collectors.joining());
  }

  static String hexadecimal(@Nullable String... fields) {
    return Arrays.stream(fields).map(Fields::hexadecimalField).collect(Collectors.joining());
  }

  private static String field(@Nullable String text) {
    return text == null ? "-" : text.getBytes(UTF_8).length + ":" + text;
  }

  private static String hexadecimalField(@Nullable String text) {
    if (text == null) {
      return "-";
    }
    String digits = HexFormat.of().formatHex(text.getBytes(UTF_8));
    return "x" + digits.length() + ":" + digits;
  }
}
