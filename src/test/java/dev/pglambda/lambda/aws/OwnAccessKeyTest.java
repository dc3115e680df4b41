package dev.pglambda.lambda.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.lambda.AccessKey;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class OwnAccessKeyTest {
  private final EventLoopGroup group = new NioEventLoopGroup(1);

  @TempDir private Path home;

  @AfterEach
  void stop() {
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
    System.clearProperty("aws.sessionToken");
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private OwnAccessKey key(Map<String, String> variables) {
    return OwnAccessKey.in(new AwsEnvironment(variables, new Properties(), home), group, false);
  }

  private static AccessKey current(OwnAccessKey key) {
    return key.current().toCompletableFuture().join();
  }

  @Test
  void areTheProcesssOwn() {
    assertThat(withProperties(null)).isEqualTo(new AccessKey("AKIAEXAMPLE", "secret", null));
    assertThat(withProperties("token")).isEqualTo(new AccessKey("AKIAEXAMPLE", "secret", "token"));
  }

  private AccessKey withProperties(@Nullable String sessionToken) {
    System.setProperty("aws.accessKeyId", "AKIAEXAMPLE");
    System.setProperty("aws.secretAccessKey", "secret");
    if (sessionToken != null) {
      System.setProperty("aws.sessionToken", sessionToken);
    }
    try (OwnAccessKey key = key(Map.of())) {
      return current(key);
    }
  }

  /** Everybody could sign with those. */
  @Test
  void areNeverTheDummyOnesOfAnotherEndpoint() {
    try (OwnAccessKey key = key(Map.of("AWS_ENDPOINT_URL", "http://localhost:4566"))) {
      String found =
          key.current()
              .handle((own, failure) -> own == null ? "none" : own.id())
              .toCompletableFuture()
              .join();

      assertThat(found).as("none, or what this machine has").isNotEqualTo("test");
    }
  }

  @Test
  void areNotThereWhenTheProxyHasStopped() {
    OwnAccessKey key = key(Map.of());
    key.close();

    assertThatThrownBy(key::current).isInstanceOf(RejectedExecutionException.class);
  }
}
