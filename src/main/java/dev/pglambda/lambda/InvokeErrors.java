package dev.pglambda.lambda;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Every error text and SQLSTATE of {@code aws_lambda.invoke}, in one place. The texts of {@link
 * #apiFailed} and {@link #functionFailed} and "Unable to connect to endpoint" are printed in AWS's
 * guide for RDS; all others, and all SQLSTATEs, are this project's choice, since nothing public
 * says what RDS does (see {@code docs/compatibility.md}).
 */
public final class InvokeErrors {

  private static final String TIMEOUT = "curlCode: 28, Timeout was reached";

  private InvokeErrors() {}

  // What a Lambda client says, quoted in the DETAIL of apiFailed().

  /**
   * No connection: one text for every failure before the request was sent, and perhaps a hint what
   * a user can do about it.
   */
  public static InvocationException unreachable(@Nullable String hint, @Nullable Throwable cause) {
    return new InvocationException("Unable to connect to endpoint", false, hint, cause);
  }

  /**
   * A connection that was lost when the request had been sent, at least in part, or the answer had
   * begun: the texts of AWS's C++ SDK, which quotes libcurl.
   */
  public static InvocationException connectionLost(
      boolean answered, boolean reset, @Nullable Throwable cause) {
    String message =
        reset
            ? "curlCode: 56, Failure when receiving data from the peer"
            : answered
                ? "curlCode: 18, Transferred a partial file"
                : "curlCode: 52, Server returned nothing (no headers, no data)";
    return new InvocationException(message, true, null, cause);
  }

  /** {@code aws_lambda.request_timeout_ms} has passed: the text of AWS's C++ SDK. */
  public static InvocationException requestTimedOut(@Nullable Throwable cause) {
    return new InvocationException(TIMEOUT, cause);
  }

  /**
   * The same, without a request: other calls, of which there are so many at a time, have taken the
   * whole time.
   */
  public static InvocationException timedOutBeforeItsTurn(int limit) {
    return new InvocationException(
        TIMEOUT,
        false,
        "The call waited for its turn, and nothing was sent: --max-concurrent-invocations is %d."
            .formatted(limit),
        null);
  }

  /** There are no credentials; perhaps with a hint what a user can do about it. */
  public static InvocationException withoutCredentials(
      String message, @Nullable String hint, Throwable cause) {
    return new InvocationException(message, false, hint, cause);
  }

  /** The proxy stops. */
  public static InvocationException shutDown() {
    return new InvocationException("The Lambda client is shut down", null);
  }

  // What SQL raises.

  static SqlError apiFailed(InvocationException failure) {
    String detail =
        "AWS Lambda client returned '"
            + failure.getMessage()
            + (failure.isOutcomeUnknown() ? "'. Whether the function ran is unknown." : "'.");
    return error(SqlState.EXTERNAL_ROUTINE_EXCEPTION, "invoke API failed", detail, failure.hint());
  }

  static SqlError functionFailed(
      String functionName, String functionError, @Nullable ByteBuffer payload) {
    String details = payload == null ? "" : UTF_8.decode(payload.duplicate()).toString();
    String detail =
        "\"%s\" returned error \"%s\", details: \"%s\"."
            .formatted(functionName, functionError, details);
    return error(SqlState.EXTERNAL_ROUTINE_EXCEPTION, "lambda invocation failed", detail, null);
  }

  static SqlError argumentIsNull(String argument) {
    return error(
        SqlState.NULL_VALUE_NOT_ALLOWED,
        "argument \"%s\" of aws_lambda.invoke must not be null".formatted(argument),
        null,
        null);
  }

  static SqlError functionNameIsEmpty() {
    return invalid("argument \"function_name\" of aws_lambda.invoke must not be empty", null, null);
  }

  static SqlError invalidFunctionName(String given) {
    return invalidValue("function_name", given, null);
  }

  static SqlError invalidInvocationType(String given) {
    return invalidChoice(
        "invocation_type",
        given,
        Arrays.stream(InvocationType.values()).map(InvocationType::apiName));
  }

  static SqlError invalidLogType(String given) {
    return invalidChoice("log_type", given, Arrays.stream(LogType.values()).map(LogType::apiName));
  }

  /** Worded like PostgreSQL's complaint about a setting of type enum. */
  private static SqlError invalidChoice(String argument, String given, Stream<String> allowed) {
    String names = allowed.collect(Collectors.joining(", "));
    return invalidValue(argument, given, "Available values: %s (case-sensitive).".formatted(names));
  }

  private static SqlError invalidValue(String argument, String given, @Nullable String hint) {
    String message = "invalid value for argument \"%s\" of aws_lambda.invoke: \"%s\"";
    return invalid(message.formatted(argument, given), null, hint);
  }

  /** What PostgreSQL says where a text is given for json, but for the DETAIL. */
  static SqlError contextIsNoJson(String given) {
    return error(
        SqlState.INVALID_TEXT_REPRESENTATION,
        "invalid input syntax for type json",
        "aws_lambda.invoke read \"%s\" as context, not as log_type.".formatted(given),
        null);
  }

  /** The function ran, and answered what PostgreSQL cannot take for text. */
  static SqlError replyIsNoText() {
    return error(
        SqlState.CHARACTER_NOT_IN_REPERTOIRE,
        "invalid byte sequence for encoding \"UTF8\"",
        "The function's reply is not text in UTF-8.",
        null);
  }

  /** What PostgreSQL itself raises of such a reply, but for the DETAIL. */
  static SqlError replyIsNoJson() {
    return error(
        SqlState.INVALID_TEXT_REPRESENTATION,
        "invalid input syntax for type json",
        "The function's reply is not JSON.",
        null);
  }

  /** Worded like PostgreSQL's complaint about a setting that is no integer. */
  static SqlError timeoutIsNoInteger(String parameter, String given, boolean tooLong) {
    return invalid(
        "invalid value for parameter \"%s\": \"%s\"".formatted(parameter, given),
        null,
        tooLong ? "Value exceeds integer range." : null);
  }

  /** Worded like PostgreSQL's complaint about a setting out of range. */
  static SqlError timeoutOutOfRange(String parameter, int given, int least, int most) {
    String message = "%d is outside the valid range for parameter \"%s\" (%d .. %d)";
    return invalid(message.formatted(given, parameter, least, most), null, null);
  }

  static SqlError invalidRegion(String given) {
    return invalid(
        "invalid AWS region: \"%s\"".formatted(given), null, "A region looks like \"us-east-1\".");
  }

  static SqlError regionConflict(String given, FunctionName name) {
    return invalid(
        "region \"%s\" contradicts the region in the ARN of the function".formatted(given),
        "\"%s\" is in region \"%s\".".formatted(name.text(), name.region()),
        "Leave the region out, or give the same one.");
  }

  static SqlError partitionConflict(String region, String partition, FunctionName name) {
    return invalid(
        "region \"%s\" contradicts the partition in the ARN of the function".formatted(region),
        "\"%s\" is in partition \"%s\", the region is in \"%s\"."
            .formatted(name.text(), name.partition(), partition),
        null);
  }

  static SqlError qualifierConflict(String given, FunctionName name) {
    return invalid(
        "qualifier \"%s\" contradicts the qualifier in the name of the function".formatted(given),
        "\"%s\" has the qualifier \"%s\".".formatted(name.text(), name.qualifier()),
        "Leave the qualifier out, or give the same one.");
  }

  static SqlError readAsCompositeOverload(String invocationType) {
    return error(
        SqlState.WARNING,
        "aws_lambda.invoke read \"%s\" as invocation_type, not as region".formatted(invocationType),
        "PostgreSQL took the text overload here, whose third argument is the region.",
        "Cast the function name to aws_commons._lambda_function_arn_1, as"
            + " aws_commons.create_lambda_function_arn returns it.");
  }

  /** Longer than what this project passes on to Lambda, which takes 6 MB. */
  public static SqlError requestTooLong(int limit) {
    return error(
        SqlState.PROGRAM_LIMIT_EXCEEDED,
        "request too long (expected: at most %d bytes)".formatted(limit),
        "Nothing was sent to Lambda.",
        null);
  }

  /** The proxy does not hold a result. */
  public static SqlError outOfMemoryForReply(MemoryAccount.Refusal refusal) {
    return error(
        SqlState.OUT_OF_MEMORY,
        MemoryAccount.Refusal.MESSAGE,
        refusal.detail() + " The function ran; its reply was dropped.",
        null);
  }

  public static SqlError internalError() {
    return error(
        SqlState.INTERNAL_ERROR,
        "internal error in aws_lambda.invoke",
        "Whether the function ran is unknown.",
        "The log of pg-lambda-proxy tells more.");
  }

  private static SqlError invalid(String message, @Nullable String detail, @Nullable String hint) {
    return error(SqlState.INVALID_PARAMETER_VALUE, message, detail, hint);
  }

  private static SqlError error(
      String sqlState, String message, @Nullable String detail, @Nullable String hint) {
    return new SqlError(
        sqlState, storable(message), detail == null ? null : storable(detail), hint);
  }

  /** PostgreSQL's text cannot hold the zero character, which a Lambda function can send. */
  private static String storable(String text) {
    return text.replace('\0', '\uFFFD');
  }
}
