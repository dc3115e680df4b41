package dev.pglambda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.config.Config;
import dev.pglambda.config.ConfigLoader;
import dev.pglambda.lambda.aws.AwsEnvironment;
import dev.pglambda.limits.MemoryBudget;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LambdaSourceTest {
  private static final Config SAMPLES =
      ((ConfigLoader.Run) ConfigLoader.load(new String[] {"--sample-functions", "on"}, Map.of()))
          .config();

  private final EventLoopGroup loops = new NioEventLoopGroup(1);

  @AfterEach
  void stop() {
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private LambdaSource choose(String variable, String region) throws StartException {
    return LambdaSource.choose(
        SAMPLES,
        loops,
        MemoryBudget.unlimited(),
        new AwsEnvironment(Map.of(variable, region), new Properties(), Path.of("/nowhere")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"s3", "evil.example/", "xx-east-1", "us-east-1.evil", "local"})
  void cannotStartWithARegionThatIsNone(String region) {
    for (String variable : new String[] {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
      assertThatThrownBy(() -> choose(variable, region))
          .isInstanceOfSatisfying(
              StartException.class,
              e -> {
                assertThat(e.isBadUsage()).isTrue();
                assertThat(e).hasMessageStartingWith("AWS region: \"" + region + "\" (expected: ");
              });
    }
  }

  @Test
  void startsWithARegionThatIsNewerThanTheSdk() throws Exception {
    LambdaSource source = choose("AWS_REGION", "eu-nowhere-1");
    source.close();

    assertThat(source.region()).isEqualTo("eu-nowhere-1");
  }
}
