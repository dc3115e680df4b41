package dev.pglambda.lambda.aws;

import static dev.pglambda.testing.Awaiting.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.InvocationResult;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RehearsalTest {
  private static final LambdaClients.Key KEY =
      new LambdaClients.Key("us-east-1", Duration.ofSeconds(30));

  private final EventLoopGroup group =
      new NioEventLoopGroup(1, new DefaultThreadFactory("loop", true));
  private URI endpoint = URI.create("http://nowhere");

  @AfterEach
  void stopEventLoop() {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @Test
  void isAnInvocationThroughTheSdk() {
    InvocationResult result = rehearse();

    assertThat(result.statusCode()).isEqualTo(200);
    assertThat(result.executedVersion()).isEqualTo("$LATEST");
    assertThat(UTF_8.decode(result.payload()).toString()).isEqualTo("{}");
  }

  @Test
  void staysOnThisMachineAndLeavesNoPortOpen() throws IOException {
    rehearse();

    assertThat(endpoint.getHost()).isEqualTo("127.0.0.1");
    // The event loop gives the port back when it waits for events the next time.
    await("the port is closed").until(() -> !accepts(endpoint.getPort()));
  }

  private static boolean accepts(int port) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (ConnectException refused) {
      return false;
    }
  }

  private InvocationResult rehearse() {
    LambdaClients clients =
        new LambdaClients(
            group, new AwsLambdaInvoker.InvokerSettings(null, null, 0, 10), true, Network.direct());
    return SdkWarmUp.run(
        group,
        uri -> {
          endpoint = uri;
          return clients.build(KEY, uri);
        });
  }
}
