package dev.pglambda.iam;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An authentication token of RDS: a presigned request for the action {@code connect}, without
 * {@code https://} (Amazon RDS User Guide, "IAM database authentication"; IAM User Guide, "Create a
 * signed AWS API request"):
 *
 * <pre>
 *   host:port/?Action=connect&amp;DBUser=..&amp;X-Amz-Algorithm=AWS4-HMAC-SHA256
 *     &amp;X-Amz-Credential=(access key id)/(yyyymmdd)/(region)/rds-db/aws4_request
 *     &amp;X-Amz-Date=(yyyymmdd)T(hhmmss)Z&amp;X-Amz-Expires=900&amp;X-Amz-SignedHeaders=host
 *     &amp;X-Amz-Security-Token=..&amp;X-Amz-Signature=..
 * </pre>
 *
 * The parameters come in any order, and the security token only with temporary credentials. What
 * cannot be one is refused when it is read; whether it counts, says {@link TokenVerifier}.
 *
 * @param host as it is written, an IPv6 address in brackets
 * @param user one {@code char} per byte
 * @param scope of the credentials, from the date on
 * @param date when it was made
 * @param amzDate the same as it is written
 * @param validity how long it counts
 * @param canonicalQuery what was signed of the parameters
 * @param securityToken null: the credentials are not temporary
 * @param signature 64 hexadecimal digits
 */
record AuthenticationToken(
    String host,
    int port,
    String user,
    String accessKeyId,
    Scope scope,
    Instant date,
    String amzDate,
    Duration validity,
    String canonicalQuery,
    @Nullable String securityToken,
    String signature) {

  static final String ALGORITHM = "AWS4-HMAC-SHA256";
  static final String SERVICE = "rds-db";
  static final String TERMINATOR = "aws4_request";
  static final String SIGNED_HEADERS = "host";

  /** Generators that know no path leave the slash out: it is signed all the same. */
  private static final Pattern TOKEN =
      Pattern.compile(
          "(?<host>[A-Za-z0-9._-]{1,255}|\\[[0-9A-Fa-f:.]{2,45}\\]):(?<port>[1-9]\\d{0,4})/?\\?(?<query>[!-~]+)");

  private static final Pattern CREDENTIAL =
      Pattern.compile(
          "(?<id>\\w{1,128})/(?<date>\\d{8})/(?<region>[a-z0-9-]{1,64})/rds-db/aws4_request");

  private static final Pattern EXPIRES = Pattern.compile("[1-9]\\d{0,8}");
  private static final Pattern SIGNATURE = Pattern.compile("[0-9a-f]{64}");
  private static final int MOST_PORT = 65_535;

  private static final DateTimeFormatter AMZ_DATE =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withResolverStyle(ResolverStyle.STRICT);

  /** Where a signature holds; the service is always RDS's. */
  record Scope(String date, String region) {
    @Override
    public String toString() {
      return "%s/%s/%s/%s".formatted(date, region, SERVICE, TERMINATOR);
    }
  }

  /**
   * Reads one.
   *
   * @throws RefusedTokenException if it is none
   */
  static AuthenticationToken parse(byte[] bytes) {
    Matcher token = TOKEN.matcher(new String(bytes, ISO_8859_1));
    if (!token.matches() || Integer.parseInt(token.group("port")) > MOST_PORT) {
      throw new RefusedTokenException("not an authentication token");
    }
    TokenParameters parameters = TokenParameters.parse(token.group("query"));
    requireConstant(parameters, "Action", "connect");
    requireConstant(parameters, "X-Amz-Algorithm", ALGORITHM);
    requireConstant(parameters, "X-Amz-SignedHeaders", SIGNED_HEADERS);
    Matcher credential = matching(CREDENTIAL, "X-Amz-Credential", parameters);
    String amzDate = parameters.required("X-Amz-Date");
    String expires = matching(EXPIRES, "X-Amz-Expires", parameters).group();
    if (!SIGNATURE.matcher(parameters.signature()).matches()) {
      throw new RefusedTokenException("malformed signature");
    }
    return new AuthenticationToken(
        token.group("host"),
        Integer.parseInt(token.group("port")),
        parameters.required("DBUser"),
        credential.group("id"),
        new Scope(credential.group("date"), credential.group("region")),
        date(amzDate),
        amzDate,
        Duration.ofSeconds(Integer.parseInt(expires)),
        parameters.canonical(),
        parameters.optional("X-Amz-Security-Token"),
        parameters.signature());
  }

  private static void requireConstant(TokenParameters parameters, String name, String value) {
    if (!parameters.required(name).equals(value)) {
      throw new RefusedTokenException("another %s than %s".formatted(name, value));
    }
  }

  private static Matcher matching(Pattern pattern, String name, TokenParameters parameters) {
    Matcher matcher = pattern.matcher(parameters.required(name));
    if (!matcher.matches()) {
      throw new RefusedTokenException("malformed " + name);
    }
    return matcher;
  }

  private static Instant date(String text) {
    try {
      return LocalDateTime.parse(text, AMZ_DATE).toInstant(ZoneOffset.UTC);
    } catch (DateTimeException e) {
      throw new RefusedTokenException("malformed X-Amz-Date");
    }
  }

  /** Nothing that was signed, nor the signature. */
  @Override
  public String toString() {
    return "AuthenticationToken[%s:%d]".formatted(host, port);
  }
}
