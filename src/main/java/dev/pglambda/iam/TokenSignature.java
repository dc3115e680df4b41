package dev.pglambda.iam;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.lambda.AccessKey;
import dev.pglambda.protocol.auth.Sha256;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Signature version 4 of a token (IAM User Guide, "Create a signed AWS API request"). Computed here
 * and not by the AWS SDK, which signs requests of its own only, and logs what it signs.
 */
final class TokenSignature {
  private static final int HTTPS_PORT = 443;
  private static final HexFormat HEX = HexFormat.of();

  private TokenSignature() {}

  /** Whether a token was signed with this key; compares in constant time. */
  static boolean isOf(AuthenticationToken token, AccessKey key) {
    byte[] given = token.signature().getBytes(ISO_8859_1);
    byte[] signingKey = signingKey(token.scope(), key);
    boolean found = false;
    for (String host : hostHeaders(token)) {
      byte[] signature = Sha256.hmac(signingKey, stringToSign(token, host).getBytes(ISO_8859_1));
      found |= MessageDigest.isEqual(HEX.formatHex(signature).getBytes(ISO_8859_1), given);
    }
    Arrays.fill(signingKey, (byte) 0);
    return found;
  }

  /**
   * What generators sign as the header. Some write the host in lower case, and most leave out the
   * port that is HTTPS's own.
   */
  private static Set<String> hostHeaders(AuthenticationToken token) {
    Set<String> headers = new LinkedHashSet<>();
    for (String host : List.of(token.host(), token.host().toLowerCase(Locale.ROOT))) {
      headers.add(host + ":" + token.port());
      if (token.port() == HTTPS_PORT) {
        headers.add(host);
      }
    }
    return headers;
  }

  private static String stringToSign(AuthenticationToken token, String hostHeader) {
    String canonicalRequest =
        String.join(
            "\n",
            "GET",
            "/",
            token.canonicalQuery(),
            "host:" + hostHeader,
            "",
            AuthenticationToken.SIGNED_HEADERS,
            hash("")); // of the body
    return String.join(
        "\n",
        AuthenticationToken.ALGORITHM,
        token.amzDate(),
        token.scope().toString(),
        hash(canonicalRequest));
  }

  private static String hash(String text) {
    return HEX.formatHex(Sha256.hash(text.getBytes(ISO_8859_1)));
  }

  private static byte[] signingKey(AuthenticationToken.Scope scope, AccessKey key) {
    byte[] signingKey = ("AWS4" + key.secret()).getBytes(UTF_8);
    for (String part :
        new String[] {
          scope.date(), scope.region(), AuthenticationToken.SERVICE, AuthenticationToken.TERMINATOR
        }) {
      byte[] next = Sha256.hmac(signingKey, part.getBytes(ISO_8859_1));
      Arrays.fill(signingKey, (byte) 0);
      signingKey = next;
    }
    return signingKey;
  }
}
