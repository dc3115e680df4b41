package dev.pglambda.lambda.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.LogType;
import dev.pglambda.lambda.policy.Policies;
import dev.pglambda.lambda.policy.PolicyException;
import dev.pglambda.lambda.route.FunctionPattern;
import dev.pglambda.lambda.route.LocalFunction;
import dev.pglambda.lambda.route.Route;
import dev.pglambda.lambda.route.RoutedInvoker;
import io.netty.channel.nio.NioEventLoopGroup;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Functions of this machine answer as AWS did: recorded-answers.yaml says to what, and how. */
class RecordedAnswersTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long PATIENCE_SECONDS = 60;

  private static final Map<String, String> PLACES =
      Map.of(
          "<uuid>", "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
          "<time>", "\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z",
          "<number>", "\\d+(\\.\\d+)?",
          "<word>", "\\S+",
          "<any>", "(?s:.*)");
  private static final Pattern PLACE = Pattern.compile("<[a-z]+>");
  private static final String ANYTHING = "<any>";

  @TempDir private static Path scratch;
  private static NioEventLoopGroup loops;
  private static LocalFunctionHost host;

  @TempDir private Path directory;

  static Stream<RecordedCase> cases() throws IOException {
    return RecordedCase.all();
  }

  @BeforeAll
  static void startHost() {
    loops = new NioEventLoopGroup(1);
    // No call waits: what cannot run at once is refused.
    host =
        new LocalFunctionHost(
            loops,
            new LocalHostSettings(
                scratch,
                System.getenv(),
                Duration.ofSeconds(10),
                List.of(),
                Duration.ofMinutes(1),
                0));
  }

  @AfterAll
  static void stopHost() {
    host.close();
    loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void answersAsAwsDid(RecordedCase recorded) throws Exception {
    recorded.skipWithoutPrograms();
    LocalFunction function = recorded.function(directory);
    Policies policies = policies(recorded.isAllowed() ? "*" : "another");
    try (RoutedInvoker lambda =
        new RoutedInvoker(
            target -> host.open((LocalFunction) target),
            null,
            policies::refusal,
            (invoker, faults) -> invoker)) {
      lambda.replace(List.of(Route.of(FunctionPattern.parse("f").orElseThrow(), function)));
      CompletableFuture<?> before =
          recorded.isBusy()
              ? lambda.invoke(RecordedCase.PLAIN)
              : CompletableFuture.completedFuture(null);

      check(recorded, lambda);

      assertThat(before.isDone()).isEqualTo(!recorded.isBusy());
    }
  }

  private Policies policies(String function) throws IOException, PolicyException {
    Path file = directory.resolve("policy.json");
    Files.writeString(
        file,
        """
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "lambda:InvokeFunction",
          "Resource": "arn:aws:lambda:*:*:function:%s"}}
        """
            .formatted(function));
    return Policies.read(List.of(file));
  }

  private static void check(RecordedCase recorded, LambdaInvoker lambda) throws Exception {
    Invocation invocation = recorded.invocation();
    CompletableFuture<InvocationResult> answer = lambda.invoke(invocation);
    String refusal = recorded.refusal();
    if (refusal != null) {
      assertThatThrownBy(() -> answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOf(InvocationException.class)
          .message()
          .matches(pattern(refusal));
      return;
    }
    InvocationResult result = answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    JsonNode expected = recorded.answer();
    assertThat(result.statusCode()).isEqualTo(expected.path("status").asInt(200));
    assertThat(result.functionError()).isEqualTo(expected.path("error").textValue());
    assertThat(result.executedVersion()).isEqualTo(expected.path("version").textValue());
    ByteBuffer payload = result.payload();
    assertThat(payload != null).as("a payload").isEqualTo(expected.has("payload"));
    if (payload != null) {
      JsonNode actual = JSON.readTree(UTF_8.decode(payload.duplicate()).toString());
      assertMatches("payload " + actual, expected.get("payload"), actual);
    }
    assertThat(result.logResult() != null)
        .as("a log")
        .isEqualTo(invocation.logType() == LogType.TAIL);
    if (result.logResult() != null) {
      assertThat(new String(Base64.getDecoder().decode(result.logResult()), UTF_8))
          .matches(pattern(recorded.log()));
    }
  }

  /** Compares values in which places may stand for others. */
  private static void assertMatches(String what, JsonNode expected, @Nullable JsonNode actual) {
    if (actual == null) {
      throw new AssertionError(what + ": too short");
    }
    if (expected.isTextual()) {
      if (!expected.textValue().equals(ANYTHING)) {
        assertThat(actual.textValue()).as(what).matches(pattern(expected.textValue()));
      }
    } else if (expected.isObject()) {
      assertThat(actual.size()).as(what).isEqualTo(expected.size());
      expected
          .properties()
          .forEach(each -> assertMatches(what, each.getValue(), actual.get(each.getKey())));
    } else if (expected.isArray()) {
      boolean open =
          !expected.isEmpty() && ANYTHING.equals(expected.get(expected.size() - 1).textValue());
      int listed = open ? expected.size() - 1 : expected.size();
      if (!open) {
        assertThat(actual.size()).as(what).isEqualTo(listed);
      }
      for (int i = 0; i < listed; i++) {
        assertMatches(what, expected.get(i), actual.get(i));
      }
    } else {
      assertThat(actual).as(what).isEqualTo(expected);
    }
  }

  private static String pattern(String text) {
    StringBuilder pattern = new StringBuilder();
    Matcher place = PLACE.matcher(text);
    int end = 0;
    while (place.find()) {
      String meaning = PLACES.get(place.group());
      if (meaning != null) {
        pattern.append(Pattern.quote(text.substring(end, place.start()))).append(meaning);
        end = place.end();
      }
    }
    return pattern.append(Pattern.quote(text.substring(end))).toString();
  }
}
