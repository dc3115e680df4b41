package dev.pglambda.lambda.aws;

import dev.pglambda.lambda.AccessKey;
import dev.pglambda.lambda.AccessKeySource;
import io.netty.channel.EventLoopGroup;
import java.util.concurrent.CompletionStage;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.identity.spi.AwsSessionCredentialsIdentity;

/**
 * The credentials that the proxy finds in its environment, as they are: without the role of {@code
 * --role-arn}, and without the dummy ones for endpoints that are not AWS, which everybody knows.
 * Asked for first when they are needed. Thread-safe.
 */
public final class OwnAccessKey implements AccessKeySource, AutoCloseable {
  /** At a time, of one provider. */
  private static final int MOST_REQUESTS = 10;

  private final CredentialsCache credentials;

  private OwnAccessKey(CredentialsCache credentials) {
    this.credentials = credentials;
  }

  /**
   * Asks nobody yet.
   *
   * @param group event loops of the NIO transport, for requests to the sign-in services
   * @param instanceMetadata whether to ask the instance metadata service, which takes seconds where
   *     there is none
   */
  public static OwnAccessKey in(
      AwsEnvironment environment, EventLoopGroup group, boolean instanceMetadata) {
    LambdaClients clients =
        new LambdaClients(
            group,
            new AwsLambdaInvoker.InvokerSettings(null, null, 0, MOST_REQUESTS),
            false,
            environment.network());
    return new OwnAccessKey(
        new CredentialsCache(
            () -> {
              RoutedHttpService.install(clients::forCredentials);
              return CredentialsChain.own(environment, instanceMetadata);
            }));
  }

  @Override
  public CompletionStage<AccessKey> current() {
    return credentials.current().thenApply(OwnAccessKey::accessKey);
  }

  private static AccessKey accessKey(AwsCredentials found) {
    return new AccessKey(
        found.accessKeyId(),
        found.secretAccessKey(),
        found instanceof AwsSessionCredentialsIdentity session ? session.sessionToken() : null);
  }

  @Override
  public void close() {
    credentials.close();
  }
}
