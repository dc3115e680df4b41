package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.lambda.AccessKey;
import java.net.URLEncoder;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Makes authentication tokens of RDS as the AWS CLI does (botocore, {@code
 * signers.generate_db_auth_token} and {@code auth.SigV4QueryAuth}), with each part as the test
 * wants it: the signature is right whatever is signed. Shares nothing with main. Immutable.
 */
public final class TestToken {
  private static final DateTimeFormatter AMZ_DATE =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  private final AccessKey key;
  private final String address;
  private final Map<String, String> parameters;

  private TestToken(AccessKey key, String address, Map<String, String> parameters) {
    this.key = key;
    this.address = address;
    this.parameters = parameters;
  }

  /**
   * One that is good.
   *
   * @param address host and port
   */
  public static TestToken of(
      AccessKey key, String address, String region, String user, Instant date) {
    String amzDate = AMZ_DATE.format(date);
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put("Action", "connect");
    parameters.put("DBUser", user);
    parameters.put("X-Amz-Algorithm", "AWS4-HMAC-SHA256");
    parameters.put(
        "X-Amz-Credential",
        "%s/%s/%s/rds-db/aws4_request".formatted(key.id(), amzDate.substring(0, 8), region));
    parameters.put("X-Amz-Date", amzDate);
    parameters.put("X-Amz-Expires", "900");
    parameters.put("X-Amz-SignedHeaders", "host");
    if (key.sessionToken() != null) {
      parameters.put("X-Amz-Security-Token", key.sessionToken());
    }
    return new TestToken(key, address, parameters);
  }

  /** With another value of a parameter, or one more parameter. */
  public TestToken with(String name, String value) {
    Map<String, String> changed = new LinkedHashMap<>(parameters);
    changed.put(name, value);
    return new TestToken(key, address, changed);
  }

  public TestToken without(String name) {
    Map<String, String> changed = new LinkedHashMap<>(parameters);
    changed.remove(name);
    return new TestToken(key, address, changed);
  }

  /** With another host and port. */
  public TestToken at(String other) {
    return new TestToken(key, other, parameters);
  }

  /** The token. */
  public String text() {
    return address + "/?" + query(parameters) + "&X-Amz-Signature=" + signature();
  }

  private String signature() {
    String host = address.toLowerCase(Locale.ROOT).replaceFirst(":443$", "");
    String canonicalRequest =
        "GET\n/\n%s\nhost:%s\n\nhost\n%s"
            .formatted(query(new TreeMap<>(parameters)), host, hash(""));
    String credential = parameters.getOrDefault("X-Amz-Credential", "////");
    String scope = credential.substring(credential.indexOf('/') + 1);
    byte[] signingKey = ("AWS4" + key.secret()).getBytes(UTF_8);
    for (String part : scope.split("/", -1)) {
      signingKey = hmac(signingKey, part);
    }
    String stringToSign =
        String.join(
            "\n",
            parameters.getOrDefault("X-Amz-Algorithm", ""),
            parameters.getOrDefault("X-Amz-Date", ""),
            scope,
            hash(canonicalRequest));
    return HexFormat.of().formatHex(hmac(signingKey, stringToSign));
  }

  private static String query(Map<String, String> parameters) {
    return parameters.entrySet().stream()
        .map(each -> encoded(each.getKey()) + "=" + encoded(each.getValue()))
        .collect(Collectors.joining("&"));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, UTF_8)
        .replace("+", "%20")
        .replace("*", "%2A")
        .replace("%7E", "~");
  }

  private static String hash(String text) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(text.getBytes(UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(text.getBytes(UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
