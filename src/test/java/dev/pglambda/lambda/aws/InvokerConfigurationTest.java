package dev.pglambda.lambda.aws;

import static dev.pglambda.lambda.aws.InvokerStage.LONG;
import static dev.pglambda.lambda.aws.InvokerStage.call;
import static dev.pglambda.lambda.aws.InvokerStage.failure;
import static dev.pglambda.lambda.aws.InvokerStage.result;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.aws.AwsLambdaInvoker.InvokerSettings;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.Reply;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** Retries, credentials and the other settings of {@link AwsLambdaInvoker}. */
class InvokerConfigurationTest {
  private static final InvokerSettings SDK_SETTINGS = new InvokerSettings(null, null, 0, 10);

  private final InvokerStage stage = new InvokerStage();
  private final FakeLambdaEndpoint endpoint = stage.endpoint();

  @AfterEach
  void closeAll() throws Exception {
    stage.close();
  }

  @Test
  void retriesIfItIsTold() {
    endpoint.on("f", Reply.apiError(503, "ServiceUnavailableException", "later"));

    assertThat(
            failure(
                stage.invoker(new InvokerSettings(endpoint.uri(), null, 2, 10)).invoke(call("f"))))
        .isEqualTo("later");

    assertThat(endpoint.requests()).hasSize(3);
  }

  @Test
  void signsWithDummyCredentialsWhereThereAreNone() throws Exception {
    endpoint.on("f", Reply.json("{}"));

    assertThat(result(stage.invoker().invoke(call("f"))).statusCode()).isEqualTo(200);

    assertThat(endpoint.onlyRequest().accessKeyId()).isEqualTo("test");
    assertThat(endpoint.onlyRequest().signingRegion()).isEqualTo("eu-west-1");
  }

  @Test
  void signsWithTheCredentialsOfTheChain() throws Exception {
    endpoint.on("f", Reply.json("{}"));
    setProperty("aws.accessKeyId", "AKIDFROMPROPERTY");
    setProperty("aws.secretAccessKey", "secret");

    assertThat(result(stage.invoker().invoke(call("f"))).statusCode()).isEqualTo(200);

    assertThat(endpoint.onlyRequest().accessKeyId()).isEqualTo("AKIDFROMPROPERTY");
  }

  @Test
  void followsTheSdksOwnSettingOfTheEndpoint() throws Exception {
    endpoint.on("f", Reply.json("{}"));
    setProperty("aws.endpointUrlLambda", endpoint.uri().toString());
    AwsLambdaInvoker invoker =
        stage.closeAfterwards(
            AwsLambdaInvoker.of(
                stage.group(), SDK_SETTINGS, AwsEnvironment.ofProcess(), "us-east-1"));

    assertThat(result(invoker.invoke(call("f"))).statusCode()).isEqualTo(200);

    assertThat(endpoint.onlyRequest().accessKeyId()).isEqualTo("test");
  }

  @Test
  void signsWithTheCredentialsOfTheRoleItAssumes() throws Exception {
    // given
    HttpServer sts =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    List<String> questions = new CopyOnWriteArrayList<>();
    sts.createContext(
        "/",
        exchange -> {
          questions.add(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
          byte[] answer = ASSUMED_ROLE.getBytes(UTF_8);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    sts.start();
    stage.closeAfterwards(() -> sts.stop(0));
    setProperty("aws.endpointUrlSts", "http://127.0.0.1:" + sts.getAddress().getPort());
    endpoint.on("f", Reply.json("{}"));
    AwsLambdaInvoker invoker =
        stage.invoker(
            new InvokerSettings(
                endpoint.uri(), "arn:aws:iam::111122223333:role/lambda-caller", 0, 10));
    // when
    for (int i = 0; i < 2; i++) {
      assertThat(result(invoker.invoke(call("f"))).statusCode()).isEqualTo(200);
    }
    // then
    assertThat(questions).hasSize(1);
    assertThat(questions.get(0)).contains("role%2Flambda-caller");
    assertThat(endpoint.requests())
        .allSatisfy(
            request -> {
              assertThat(request.accessKeyId()).isEqualTo("ASIAASSUMED");
              assertThat(request.header("X-Amz-Security-Token")).isEqualTo("session-token");
            });
  }

  @Test
  void saysBrieflyThatThereAreNoCredentialsForAws() {
    setProperty("aws.disableEc2Metadata", "true");
    setProperty("aws.sharedCredentialsFile", "/nowhere/credentials");
    setProperty("aws.configFile", "/nowhere/config");

    assertThat(failure(stage.invoker(SDK_SETTINGS).invoke(call("f"))))
        .isEqualTo("Unable to load credentials from any of the providers in the chain");
  }

  @Test
  void endsACallAtItsRequestTimeoutThoughTheCredentialsDoNotCome() throws Exception {
    CountDownLatch hanging = new CountDownLatch(1);
    stage.closeAfterwards(hanging::countDown);
    CredentialsCache credentials =
        new CredentialsCache(
            () -> {
              try {
                hanging.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return StaticCredentialsProvider.create(AwsBasicCredentials.create("a", "b"));
            });
    AwsLambdaInvoker invoker =
        stage.closeAfterwards(
            new AwsLambdaInvoker(
                stage.group(),
                new InvokerSettings(endpoint.uri(), null, 0, 10),
                true,
                Network.direct(),
                credentials,
                "us-east-1"));

    Invocation call = call("f", InvocationType.REQUEST_RESPONSE, LONG, Duration.ofMillis(300));

    assertThat(failure(invoker.invoke(call))).isEqualTo("curlCode: 28, Timeout was reached");
    assertThat(endpoint.requests()).isEmpty();
  }

  private void setProperty(String name, String value) {
    System.setProperty(name, value);
    stage.closeAfterwards(() -> System.clearProperty(name));
  }

  private static final String ASSUMED_ROLE =
      """
      <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
      <AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/lambda-caller/x</Arn>
      <AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>
      <Credentials><AccessKeyId>ASIAASSUMED</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
      <SessionToken>session-token</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>
      </Credentials></AssumeRoleResult></AssumeRoleResponse>
      """;
}
