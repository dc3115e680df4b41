package dev.pglambda.lambda.aws;

import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A request that failed on its way, and how far it had come. */
final class TransportException extends IOException {
  private static final long serialVersionUID = 1L;

  /** How far a request had come. */
  enum Progress {
    /** There was no connection, so that the function has not run. */
    NOT_SENT,
    /** At least a part of it had been sent. */
    SENT,
    /** The answer had begun. */
    ANSWERED
  }

  private final Progress progress;
  private final @Nullable String hint;

  private TransportException(
      String message, Progress progress, @Nullable String hint, Throwable cause) {
    super(message, cause);
    this.progress = progress;
    this.hint = hint;
  }

  /** A setting that cannot be used; the message says which one. */
  static TransportException unusable(IOException setting) {
    String message = String.valueOf(setting.getMessage());
    return new TransportException(message, Progress.NOT_SENT, message + ".", setting);
  }

  /** Of a request to a host, through the proxy if there is one, else with a hint if it is known. */
  static TransportException of(
      Throwable cause,
      Progress progress,
      String host,
      Optional<HttpProxy> proxy,
      @Nullable String direct) {
    String message = String.valueOf(cause.getMessage());
    return new TransportException(
        proxy.map(p -> "through the HTTP proxy " + p + ": " + message).orElse(message),
        progress,
        hint(cause, progress, host, proxy, direct),
        cause);
  }

  private static @Nullable String hint(
      Throwable failure,
      Progress progress,
      String host,
      Optional<HttpProxy> proxy,
      @Nullable String direct) {
    if (find(failure, CertificateException.class) != null) {
      return "The certificate of "
          + host
          + " is not trusted. If something on the way opens TLS, AWS_CA_BUNDLE must name a file"
          + " with the certificate of its authority.";
    }
    if (progress != Progress.NOT_SENT) {
      return null;
    }
    return proxy.map(p -> "The HTTP proxy " + p + " " + reason(failure) + ".").orElse(direct);
  }

  private static String reason(Throwable failure) {
    ConnectionWatch.ProxyFailure refusal = find(failure, ConnectionWatch.ProxyFailure.class);
    if (refusal != null) {
      return String.valueOf(refusal.getMessage());
    }
    return find(failure, ConnectException.class) != null
            || find(failure, UnknownHostException.class) != null
        ? "cannot be reached"
        : "made no connection to the endpoint";
  }

  static <T> @Nullable T find(@Nullable Throwable failure, Class<T> type) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return type.cast(cause);
      }
    }
    return null;
  }

  Progress progress() {
    return progress;
  }

  /** What a user can do about it, or null. No credentials. */
  @Nullable String hint() {
    return hint;
  }
}
