package dev.pglambda.iam;

import java.util.HexFormat;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a token: {@code name=value&name=value}, decoded, one {@code char} per byte.
 * Every name stands there once. What is not signed is not kept, except for the signature itself.
 */
final class TokenParameters {
  private static final String SIGNATURE = "X-Amz-Signature";

  /** Twice as many as there are in a token. */
  private static final int MOST = 20;

  private static final String UNRESERVED = "-_.~";

  /** Some generators leave these as they are. A plus sign would be one, or a space. */
  private static final String LITERAL = UNRESERVED + "/:=";

  private static final Pattern SEPARATOR = Pattern.compile("&");
  private static final int HEXADECIMAL = 16;
  private static final HexFormat HEX = HexFormat.of().withUpperCase();

  /** All but the signature, in the order of their encoded names, which are the keys. */
  private final TreeMap<String, String> signed = new TreeMap<>();

  private @Nullable String signature;

  private TokenParameters() {}

  static TokenParameters parse(String query) {
    TokenParameters parameters = new TokenParameters();
    String[] all = SEPARATOR.split(query, MOST + 1);
    if (all.length > MOST) {
      throw new RefusedTokenException("more than " + MOST + " parameters");
    }
    for (String each : all) {
      int equals = each.indexOf('=');
      if (equals < 1) {
        throw malformed();
      }
      parameters.add(decoded(each.substring(0, equals)), decoded(each.substring(equals + 1)));
    }
    return parameters;
  }

  private void add(String name, String value) {
    boolean twice;
    if (name.equals(SIGNATURE)) {
      twice = signature != null;
      signature = value;
    } else {
      twice = signed.put(encoded(name), value) != null;
    }
    if (twice) {
      throw new RefusedTokenException("a parameter is there twice");
    }
  }

  String signature() {
    return required(SIGNATURE, signature);
  }

  /** The value of a signed parameter that must be there. */
  String required(String name) {
    return required(name, signed.get(name));
  }

  private static String required(String name, @Nullable String value) {
    if (value == null) {
      throw new RefusedTokenException("no parameter " + name);
    }
    return value;
  }

  /** The value of a signed parameter, or null. */
  @Nullable String optional(String name) {
    return signed.get(name);
  }

  /** What was signed of them (IAM User Guide, "Create a signed request", CanonicalQueryString). */
  String canonical() {
    StringBuilder canonical = new StringBuilder();
    signed.forEach(
        (name, value) ->
            canonical
                .append(canonical.isEmpty() ? "" : "&")
                .append(name)
                .append('=')
                .append(encoded(value)));
    return canonical.toString();
  }

  private static String decoded(String text) {
    StringBuilder decoded = new StringBuilder(text.length());
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '%') {
        decoded.append((char) (digit(text, at + 1) * HEXADECIMAL + digit(text, at + 2)));
        at += 3;
      } else if (isAlphanumeric(c) || LITERAL.indexOf(c) >= 0) {
        decoded.append(c);
        at++;
      } else {
        throw malformed();
      }
    }
    return decoded.toString();
  }

  private static int digit(String text, int at) {
    char c = at < text.length() ? text.charAt(at) : ' ';
    int digit = isAlphanumeric(c) ? Character.digit(c, HEXADECIMAL) : -1;
    if (digit < 0) {
      throw malformed();
    }
    return digit;
  }

  /** RFC 3986, with upper-case digits. */
  private static String encoded(String bytes) {
    StringBuilder encoded = new StringBuilder(bytes.length());
    for (int i = 0; i < bytes.length(); i++) {
      char c = bytes.charAt(i);
      if (isAlphanumeric(c) || UNRESERVED.indexOf(c) >= 0) {
        encoded.append(c);
      } else {
        encoded.append('%').append(HEX.toHexDigits((byte) c));
      }
    }
    return encoded.toString();
  }

  private static boolean isAlphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  }

  private static RefusedTokenException malformed() {
    return new RefusedTokenException("malformed parameters");
  }
}
