package dev.pglambda.lambda.aws;

import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvokeErrors;
import java.io.IOException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;

/**
 * Turns the failures of the AWS SDK for Java into what AWS's C++ SDK, which RDS uses, says of them.
 */
final class SdkErrors {
  private static final int LONGEST_QUOTE = 256;

  /** What the SDK tells its own developers: where it stood, and all its providers, twice. */
  private static final Pattern NOISE =
      Pattern.compile(
          "^Unable to marshall request to JSON: | AwsCredentialsProviderChain\\(.*|: ProfileFile\\(.*",
          Pattern.DOTALL);

  private SdkErrors() {}

  /** A request that failed. */
  static InvocationException ofRequest(Throwable failure) {
    Throwable cause = unwrap(failure);
    if (isTimeout(cause)) {
      return InvokeErrors.requestTimedOut(cause);
    }
    if (cause instanceof AwsServiceException refusal) {
      return new InvocationException(serviceMessage(refusal), refusal);
    }
    TransportException lost = TransportException.find(cause, TransportException.class);
    if (lost != null) {
      return lost.progress() == TransportException.Progress.NOT_SENT
          ? InvokeErrors.unreachable(lost.hint(), cause)
          : InvokeErrors.connectionLost(
              lost.progress() == TransportException.Progress.ANSWERED, isReset(lost), cause);
    }
    return isOfTransport(cause)
        ? InvokeErrors.unreachable(null, cause)
        : new InvocationException(clientMessage(cause), cause);
  }

  /** Credentials that could not be had, so that nothing was sent. */
  static InvocationException ofCredentials(Throwable failure) {
    Throwable cause = unwrap(failure);
    if (isTimeout(cause)) {
      return InvokeErrors.requestTimedOut(cause);
    }
    SignInException signIn = TransportException.find(cause, SignInException.class);
    Throwable told = signIn == null ? cause : signIn.failure();
    String message =
        told instanceof AwsServiceException refusal ? serviceMessage(refusal) : clientMessage(told);
    return InvokeErrors.withoutCredentials(message, hint(cause), cause);
  }

  private static @Nullable String hint(Throwable cause) {
    TransportException lost = TransportException.find(cause, TransportException.class);
    if (lost != null) {
      return lost.hint();
    }
    SignInException signIn = TransportException.find(cause, SignInException.class);
    return signIn == null ? null : signIn.hint();
  }

  private static boolean isReset(TransportException lost) {
    for (Throwable cause = lost; cause != null; cause = cause.getCause()) {
      String message = text(cause.getMessage());
      if (message.startsWith("Connection reset") || message.startsWith("Broken pipe")) {
        return true;
      }
    }
    return false;
  }

  /** What failed, without the futures that it came through. */
  static Throwable unwrap(Throwable failure) {
    Throwable cause = failure.getCause();
    return cause != null
            && (failure instanceof CompletionException || failure instanceof ExecutionException)
        ? unwrap(cause)
        : failure;
  }

  private static boolean isTimeout(Throwable cause) {
    return cause instanceof ApiCallTimeoutException
        || cause instanceof ApiCallAttemptTimeoutException
        || cause instanceof TimeoutException;
  }

  /** Refused, no such host, reset, closed, TLS: all are IOExceptions; the pool throws time-outs. */
  private static boolean isOfTransport(Throwable failure) {
    return TransportException.find(failure, IOException.class) != null
        || TransportException.find(failure, TimeoutException.class) != null;
  }

  private static String serviceMessage(AwsServiceException refusal) {
    AwsErrorDetails details = refusal.awsErrorDetails();
    if (details == null) {
      return clientMessage(refusal);
    }
    String body = details.rawResponse() == null ? "" : quote(details.rawResponse().asUtf8String());
    String message = text(details.errorMessage());
    // Without a message of the service's, the SDK puts one of its own in its place.
    if (!message.isBlank() && (details.errorCode() != null || body.contains(message))) {
      return message;
    }
    if (body.isEmpty()) {
      return "No response body.";
    }
    return details.errorCode() == null
        ? "Failed to parse error payload: " + body
        : details.errorCode();
  }

  private static String clientMessage(Throwable cause) {
    String message = quote(NOISE.matcher(text(cause.getMessage())).replaceAll(""));
    return message.isEmpty() ? cause.getClass().getSimpleName() : message;
  }

  private static String text(@Nullable String message) {
    return message == null ? "" : message;
  }

  /** On one line, and not too long for one. */
  private static String quote(String text) {
    String line = text.strip().replaceAll("\\s+", " ");
    return line.length() <= LONGEST_QUOTE ? line : line.substring(0, LONGEST_QUOTE) + "...";
  }
}
