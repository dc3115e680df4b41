package dev.pglambda.lambda.aws;

import static dev.pglambda.lambda.aws.InvokerStage.LONG;
import static dev.pglambda.lambda.aws.InvokerStage.call;
import static dev.pglambda.lambda.aws.InvokerStage.failure;
import static dev.pglambda.lambda.aws.InvokerStage.result;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.aws.AwsLambdaInvoker.InvokerSettings;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.Reply;
import java.time.Duration;
import java.util.List;
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
    stage.setProperty("aws.accessKeyId", "AKIDFROMPROPERTY");
    stage.setProperty("aws.secretAccessKey", "secret");

    assertThat(result(stage.invoker().invoke(call("f"))).statusCode()).isEqualTo(200);

    assertThat(endpoint.onlyRequest().accessKeyId()).isEqualTo("AKIDFROMPROPERTY");
  }

  @Test
  void followsTheSdksOwnSettingOfTheEndpoint() throws Exception {
    endpoint.on("f", Reply.json("{}"));
    stage.setProperty("aws.endpointUrlLambda", endpoint.uri().toString());
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
    List<String> questions = stage.startSts();
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
    stage.setProperty("aws.disableEc2Metadata", "true");
    stage.setProperty("aws.sharedCredentialsFile", "/nowhere/credentials");
    stage.setProperty("aws.configFile", "/nowhere/config");

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
                new InvokerResources(stage.group(), 10),
                new InvokerSettings(endpoint.uri(), null, 0, 10),
                true,
                Network.direct(),
                credentials,
                "us-east-1",
                credentials::close));

    Invocation call = call("f", InvocationType.REQUEST_RESPONSE, LONG, Duration.ofMillis(300));

    assertThat(failure(invoker.invoke(call))).isEqualTo("curlCode: 28, Timeout was reached");
    assertThat(endpoint.requests()).isEmpty();
  }
}
