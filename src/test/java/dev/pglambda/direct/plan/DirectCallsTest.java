package dev.pglambda.direct.plan;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.DirectCallMode;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.protocol.SqlError;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DirectCallsTest {
  private static final InstalledSchemas NONE = new InstalledSchemas(false, false, true);
  private final List<InvokeArguments> made = new ArrayList<>();
  private final CompletableFuture<InvokeAnswer> answer = new CompletableFuture<>();

  @Test
  void servesNothingIfToldTo() {
    assertThat(calls(DirectCallMode.NEVER).areServed()).isFalse();
    assertThat(calls(DirectCallMode.AUTO).areServed()).isTrue();
  }

  @Test
  void givesTheRowAsParametersAndTheWarningAsABlock() {
    CompletableFuture<DirectCalls.CallOutcome> outcome =
        calls(DirectCallMode.AUTO).call(arguments(true, "f"), CallOrigin.UNKNOWN);
    answer.complete(
        new InvokeAnswer.Row(
            new InvocationResult(200, ByteBuffer.wrap(new byte[] {'1'}), "é", null, null),
            new SqlError("01000", "careful", null, null)));

    DirectCalls.Returned returned = (DirectCalls.Returned) outcome.join();
    assertThat(returned.values())
        .containsExactly(new byte[] {0, 0, 0, (byte) 200}, bytes("1"), bytes("é"), null);
    assertThat(returned.warningBlock()).contains(hex("careful")).contains("WARNING");
  }

  @Test
  void givesAFailureAsABlock() {
    CompletableFuture<DirectCalls.CallOutcome> outcome =
        calls(DirectCallMode.AUTO).call(arguments(true, "f"), CallOrigin.UNKNOWN);
    answer.complete(new InvokeAnswer.Failure(new SqlError("38000", "it failed", "why", null)));

    String block = ((DirectCalls.Raised) outcome.join()).raiseBlock();
    assertThat(block).contains("38000").contains(hex("it failed")).contains(hex("why"));
  }

  @Test
  void refusesArgumentsThatAreTooLong() {
    DirectCalls.CallOutcome outcome =
        calls(DirectCallMode.AUTO).call(arguments(false, null), CallOrigin.UNKNOWN).join();

    assertThat(outcome).isInstanceOf(DirectCalls.Raised.class);
    assertThat(made).isEmpty();
  }

  @Test
  void cancelsTheRequestWithTheCall() {
    CompletableFuture<DirectCalls.CallOutcome> outcome =
        calls(DirectCallMode.AUTO).call(arguments(true, "f"), CallOrigin.UNKNOWN);

    outcome.cancel(true);

    assertThat(answer).isCancelled();
  }

  @Test
  void readsTheRowOfArguments() {
    var unused = calls(DirectCallMode.AUTO).call(arguments(true, "f"), CallOrigin.UNKNOWN);

    InvokeArguments arguments = made.get(0);
    assertThat(arguments.form()).isEqualTo(InvokeArguments.Form.NAME);
    assertThat(arguments.functionName()).isEqualTo("f");
    assertThat(arguments.arnRegion()).isNull();
    assertThat(arguments.payload()).isEqualTo(ByteBuffer.wrap(bytes("{}")));
    assertThat(arguments.region()).isEqualTo("r");
    assertThat(arguments.invocationType()).isEqualTo("Event");
    assertThat(arguments.logType()).isEqualTo("Tail");
    assertThat(arguments.context()).isEqualTo("\"ü\"");
    assertThat(arguments.qualifier()).isEqualTo("q");
    assertThat(arguments.connectTimeoutMs()).isEqualTo("70");
    assertThat(arguments.requestTimeoutMs()).isNull();
    assertThat(arguments(true, "f").statementTimeout()).isEqualTo(1.5);
  }

  /** Text that looks like the composite is taken apart; nothing else is. */
  @ParameterizedTest
  @CsvSource({"(f), true", "'(f,us-east-1)', true", "f), false", "(, false", "' (f)', false"})
  void knowsTheTextFormOfTheComposite(String name, boolean composite) {
    byte[] text = arguments(true, name).compositeText();

    assertThat(text).isEqualTo(composite ? bytes(name) : null);
  }

  @Test
  void takesThePartsOfTheCompositesText() {
    ArgumentValues arguments = arguments(true, "(f,r)");

    ArgumentValues with = arguments.with(Arrays.asList(bytes("f"), null));

    assertThat(with.compositeText()).isNull();
    var unused = calls(DirectCallMode.AUTO).call(with, CallOrigin.UNKNOWN);
    assertThat(made.get(0).form()).isEqualTo(InvokeArguments.Form.COMPOSITE_TEXT);
    assertThat(made.get(0).functionName()).isEqualTo("f");
    assertThat(made.get(0).arnRegion()).isNull();
  }

  @Test
  void tellsWhatEndedACall() {
    assertThat(((DirectCalls.Raised) DirectCalls.cancelled(true)).raiseBlock())
        .contains("57014")
        .contains(hex("canceling statement due to statement timeout"));
    assertThat(((DirectCalls.Raised) DirectCalls.cancelled(false)).raiseBlock())
        .contains(hex("canceling statement due to user request"));
  }

  private DirectCalls calls(DirectCallMode mode) {
    return new DirectCalls(
        mode,
        role -> role + ".rolsuper",
        (arguments, origin) -> {
          made.add(arguments);
          return answer;
        });
  }

  /** A row as the server answers {@link DirectInvocation#argumentsQuery}. */
  private static ArgumentValues arguments(boolean fits, @Nullable String name) {
    List<byte @Nullable []> row = new ArrayList<>();
    row.add(new byte[] {(byte) (fits ? 1 : 0)});
    for (String value :
        Arrays.asList(name, null, "{}", "r", "Event", "Tail", "\"ü\"", "q", "70", null, "1.5")) {
      row.add(value == null ? null : bytes(value));
    }
    return DirectPlans.of("SELECT * FROM aws_lambda.invoke('f', '{}'::json)", NONE, 25, 114)
        .invocations()
        .get(0)
        .read(row);
  }

  /** As a block has texts. */
  private static String hex(String text) {
    return HexFormat.of().formatHex(bytes(text));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
