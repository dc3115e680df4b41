package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An Invoke request as it reached a {@link FakeLambdaEndpoint}.
 *
 * @param functionName from the path, decoded
 * @param qualifier from the query, decoded, or null
 * @param headers by name, upper and lower case being the same
 * @param body payload, read-only
 * @param time when it was complete
 */
public record ReceivedRequest(
    String functionName,
    @Nullable String qualifier,
    Map<String, String> headers,
    ByteBuffer body,
    Instant time) {
  private static final Pattern SCOPE =
      Pattern.compile("Credential=(?<key>[^/]+)/\\d+/(?<region>[^/]+)/(?<service>[^/]+)/");

  /** The payload as text. */
  public String text() {
    return UTF_8.decode(body.duplicate()).toString();
  }

  /** A header's value, or null. */
  public @Nullable String header(String name) {
    return headers.get(name);
  }

  /** The access key that signed the request, or null if nobody did. */
  public @Nullable String accessKeyId() {
    return scope("key");
  }

  /** The region in the signature's scope, or null if nobody signed. */
  public @Nullable String signingRegion() {
    return scope("region");
  }

  private @Nullable String scope(String part) {
    Matcher scope = SCOPE.matcher(headers.getOrDefault("Authorization", ""));
    return scope.find() ? scope.group(part) : null;
  }
}
