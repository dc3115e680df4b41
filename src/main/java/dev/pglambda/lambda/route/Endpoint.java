package dev.pglambda.lambda.route;

import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint that speaks the Invoke API.
 *
 * @param url null: AWS itself, or what the SDK's settings say
 * @param region of requests; null: the call's
 * @param dialect how much of the Invoke API it understands
 * @param profile of the credentials, in AWS's shared files; null: the proxy's own credentials
 * @param roleArn role to assume for the calls, or null
 * @param connectTimeout null: the session's {@code aws_lambda.connect_timeout_ms}
 * @param requestTimeout null: the session's {@code aws_lambda.request_timeout_ms}
 * @param retries null: {@code --lambda-retries}
 */
public record Endpoint(
    @Nullable URI url,
    @Nullable String region,
    Dialect dialect,
    @Nullable String profile,
    @Nullable String roleArn,
    @Nullable Duration connectTimeout,
    @Nullable Duration requestTimeout,
    @Nullable Integer retries)
    implements Target {

  /** An endpoint that takes all that AWS takes. */
  public static Endpoint of(URI url) {
    return new Endpoint(url, null, Dialect.AWS, null, null, null, null, null);
  }

  @Override
  public String description() {
    return "endpoint " + (url == null ? "AWS" : url) + ", dialect " + dialect.label();
  }
}
