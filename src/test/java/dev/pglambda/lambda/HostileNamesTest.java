package dev.pglambda.lambda;

import static dev.pglambda.lambda.TestArguments.composite;
import static dev.pglambda.lambda.TestArguments.name;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.aws.AwsEnvironment;
import dev.pglambda.lambda.aws.AwsLambdaInvoker;
import dev.pglambda.lambda.aws.AwsLambdaInvoker.InvokerSettings;
import dev.pglambda.lambda.aws.SdkPartitions;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.testing.FakeHttpProxy;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What SQL says never decides to which host a request goes: every connection to AWS asks an HTTP
 * proxy first, which notes the hosts and looks up none.
 */
@Timeout(120)
class HostileNamesTest {
  private static final String ARN = "arn:aws:lambda:%s:444455556666:function:f";
  private static final String LONG = "x".repeat(10_000);

  private static final List<String> HOSTS =
      List.of(
          "x.evil.example",
          "evil.example/",
          "evil.example#",
          "evil.example?",
          "evil.example:443",
          "a@b",
          "us-east-1@evil.example",
          "us-east-1.evil.example",
          "us-east-1/",
          "us-east-1\\",
          "us-east-1%2e",
          "us-east-1\r\nHost: evil.example",
          "us-east-1\0",
          "..",
          ".",
          "[::1]",
          "127.0.0.1",
          "169.254.169.254",
          "us-east-\u0661", // a digit, but none of ASCII's
          "us\u2010east\u20101",
          "\uff55\uff53-east-1",
          "evil\u3002example",
          LONG,
          "us-" + LONG + "-1");

  private final FakeHttpProxy proxy = FakeHttpProxy.refusing("403 Forbidden");
  private final EventLoopGroup group = new NioEventLoopGroup(1);
  private final AwsLambdaInvoker invoker =
      AwsLambdaInvoker.of(
          group,
          new InvokerSettings(null, null, 0, 10),
          new AwsEnvironment(
              Map.of("HTTPS_PROXY", proxy.url(), "HTTP_PROXY", proxy.url()),
              new Properties(),
              Path.of("/nowhere")),
          "eu-central-1");
  private final InvokeFunction invoke =
      new InvokeFunction(invoker, "eu-central-1", new SdkPartitions(), CallObserver.NONE);

  @BeforeEach
  void giveCredentials() {
    System.setProperty("aws.accessKeyId", "AKIDOFTEST");
    System.setProperty("aws.secretAccessKey", "secret");
  }

  @AfterEach
  void close() throws Exception {
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
    invoker.close();
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    proxy.close();
  }

  @Test
  void noRegionIsAHost() {
    for (String host : HOSTS) {
      assertThat(error(name("f").region(host)).sqlState()).as(host).isEqualTo("22023");
      assertThat(error(composite("f", host)).sqlState()).as(host).isEqualTo("22023");
    }
    assertThat(proxy.requests()).isEmpty();
  }

  /** What is refused here is 22023; what is left to the service ends at the HTTP proxy. */
  @Test
  void noNameIsAHost() {
    for (String host : HOSTS) {
      for (String form :
          List.of("%s", "/%s", "//%s", "@%s", "f:%s", "%s:f", "444455556666:function:%s", ARN)) {
        String given = form.replace("%s", host);
        assertThat(error(name(given)).sqlState()).as(given).isIn("22023", "38000");
      }
    }
    assertThat(proxy.requests())
        .isNotEmpty()
        .allSatisfy(
            request ->
                assertThat(request)
                    .startsWith("CONNECT lambda.eu-central-1.amazonaws.com:443 HTTP/1.1"));
  }

  private SqlError error(TestArguments arguments) {
    CompletableFuture<InvokeAnswer> answer = invoke.call(arguments.build(), CallOrigin.UNKNOWN);
    return ((InvokeAnswer.Failure) answer.orTimeout(30, TimeUnit.SECONDS).join()).error();
  }
}
