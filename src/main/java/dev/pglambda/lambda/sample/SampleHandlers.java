package dev.pglambda.lambda.sample;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The functions there are, and their code. */
final class SampleHandlers {
  /** The reply that AWS's guide for RDS prints, spaces and all. */
  private static final String HELLO =
      "{\"statusCode\": 200, \"body\": \"\\\"Hello from Lambda!\\\"\"}";

  /** Lambda's own limit. */
  private static final double LONGEST_SLEEP_MS = 900_000;

  private SampleHandlers() {}

  /** Made when it is first needed: Jackson's classes take a fifth of a second to load. */
  private static final class Json {
    static final ObjectMapper MAPPER = new ObjectMapper();
  }

  /** All functions, in the order in which to show them. */
  static List<SampleFunction> all(ScheduledExecutorService scheduler) {
    return List.of(
        new SampleFunction("simple", "says hello, as in AWS's guide", SampleHandlers::hello),
        new SampleFunction("my-function", "the same under the guide's name", SampleHandlers::hello),
        new SampleFunction(
            "aws_lambda_arn_1", "the same under the guide's other name", SampleHandlers::hello),
        new SampleFunction("echo", "returns its payload", SampleHandlers::echo),
        new SampleFunction("fail", "throws an error", SampleHandlers::fail),
        new SampleFunction(
            "sleep",
            "waits: payload {\"seconds\": n} or {\"ms\": n}",
            (event, console) -> sleep(event, console, scheduler)));
  }

  private static CompletableFuture<ByteBuffer> hello(ByteBuffer event, Consumer<String> console) {
    console.accept("Hello from Lambda!");
    return CompletableFuture.completedFuture(ByteBuffer.wrap(HELLO.getBytes(UTF_8)));
  }

  private static CompletableFuture<ByteBuffer> echo(ByteBuffer event, Consumer<String> console) {
    console.accept(UTF_8.decode(event.duplicate()).toString());
    return CompletableFuture.completedFuture(event.duplicate());
  }

  private static CompletableFuture<ByteBuffer> fail(ByteBuffer event, Consumer<String> console) {
    return CompletableFuture.failedFuture(
        new SampleFunction.Thrown("Error", "This function always fails"));
  }

  private static CompletableFuture<ByteBuffer> sleep(
      ByteBuffer event, Consumer<String> console, ScheduledExecutorService scheduler) {
    double milliseconds;
    try {
      milliseconds = sleepingTime(event);
    } catch (SampleFunction.Thrown refused) {
      return CompletableFuture.failedFuture(refused);
    }
    console.accept("Sleeping " + Math.round(milliseconds) + " ms");
    CompletableFuture<ByteBuffer> reply = new CompletableFuture<>();
    String text = "{\"slept_ms\": " + Math.round(milliseconds) + "}";
    ScheduledFuture<?> alarm =
        scheduler.schedule(
            () -> reply.complete(ByteBuffer.wrap(text.getBytes(UTF_8))),
            Math.round(milliseconds * 1000),
            TimeUnit.MICROSECONDS);
    var unused = reply.whenComplete((done, failure) -> alarm.cancel(false));
    return reply;
  }

  private static double sleepingTime(ByteBuffer event) throws SampleFunction.Thrown {
    JsonNode arguments;
    try {
      arguments = Json.MAPPER.readTree(UTF_8.decode(event.duplicate()).toString());
    } catch (IOException noJson) {
      throw new SampleFunction.Thrown("SyntaxError", "The payload is not JSON");
    }
    JsonNode milliseconds = arguments.path("ms");
    JsonNode seconds = arguments.path("seconds");
    double time = milliseconds.isNumber() ? milliseconds.asDouble() : seconds.asDouble(-1) * 1000;
    if (!(time >= 0 && time <= LONGEST_SLEEP_MS)) {
      throw new SampleFunction.Thrown(
          "RangeError", "payload: " + arguments + " (expected: {\"seconds\": 0 to 900})");
    }
    return time;
  }
}
