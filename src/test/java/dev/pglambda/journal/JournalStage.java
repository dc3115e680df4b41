package dev.pglambda.journal;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.lambda.CallObserver.ObservedCall;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.lambda.InvokeArguments.Form;
import dev.pglambda.lambda.LogType;
import dev.pglambda.protocol.SqlError;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Calls that nobody makes, for a journal. */
final class JournalStage {
  static final Clock NOON = Clock.fixed(Instant.parse("2026-01-02T12:00:00Z"), ZoneOffset.UTC);
  static final CallOrigin ORIGIN =
      CallOrigin.UNKNOWN.withStatement("INSERT INTO orders VALUES (1, 'a secret')");

  /** What a function that fails answers. */
  static final InvocationResult FAILED =
      new InvocationResult(
          200, bytes("{\"errorMessage\": \"no stock\"}"), "3", "bG9n", "Unhandled");

  private JournalStage() {}

  static Journal journal(long maxBytes) {
    return new Journal(maxBytes, true, NOON);
  }

  static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }

  static String text(@Nullable ByteBuffer payload) {
    return UTF_8.decode(Objects.requireNonNull(payload).duplicate()).toString();
  }

  static InvokeArguments arguments(@Nullable String name, @Nullable ByteBuffer payload) {
    return new InvokeArguments(
        Form.NAME, name, null, payload, null, "Event", "None", null, null, null, null);
  }

  static Invocation invocation(String name, ByteBuffer payload) {
    return new Invocation(
        name,
        "us-east-1",
        InvocationType.EVENT,
        LogType.NONE,
        null,
        null,
        payload,
        Duration.ofSeconds(1),
        Duration.ofSeconds(3));
  }

  /** A call on its way. */
  static ObservedCall begin(Journal journal, String name, ByteBuffer payload, CallOrigin origin) {
    ObservedCall call = journal.begins(arguments(name, payload), origin);
    call.invokes(invocation(name, payload), null);
    return call;
  }

  static ObservedCall begin(Journal journal, String name, String payload) {
    return begin(journal, name, bytes(payload), ORIGIN);
  }

  static void succeed(ObservedCall call, String answer) {
    InvocationResult result = new InvocationResult(202, bytes(answer), "$LATEST", null, null);
    call.ends(result, new InvokeAnswer.Row(result, null));
  }

  /** A call of an Event that is accepted; what is returned is the end of its run. */
  static CompletableFuture<InvocationResult> accept(Journal journal, String name) {
    CompletableFuture<InvocationResult> run = new CompletableFuture<>();
    InvocationResult accepted = InvocationResult.ofEvent(run);
    begin(journal, name, "{}").ends(accepted, new InvokeAnswer.Row(accepted, null));
    return run;
  }

  static SqlError error(String message) {
    return new SqlError("39000", message, null, null);
  }

  static void fail(ObservedCall call, String message) {
    call.ends(null, new InvokeAnswer.Failure(error(message)));
  }

  static void succeed(Journal journal, String name, String payload) {
    succeed(begin(journal, name, payload), "\"done\"");
  }

  static void fail(Journal journal, String name, String payload) {
    fail(begin(journal, name, payload), "it failed");
  }
}
