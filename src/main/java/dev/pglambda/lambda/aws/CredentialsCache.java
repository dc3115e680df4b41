package dev.pglambda.lambda.aws;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/**
 * Asks a credentials provider on a thread of its own, since providers read files, run programs and
 * call the network as they please. Refreshing before expiry is the provider's own work; this class
 * asks it again every few seconds. Safe for use by many threads.
 */
final class CredentialsCache implements AutoCloseable {
  private static final Duration FRESH = Duration.ofSeconds(5);
  private static final Duration EXPIRY_MARGIN = Duration.ofMinutes(1);

  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(task -> InvokerResources.daemon(task, "aws-credentials"));
  private final Supplier<AwsCredentialsProvider> factory;
  private volatile @Nullable ResolvedCredentials last;

  /** The question under way, or null; guarded by this. */
  private @Nullable CompletableFuture<AwsCredentials> pending;

  /** Used on the thread only. */
  private @Nullable AwsCredentialsProvider provider;

  /** The factory builds the provider, on the thread, when credentials are first needed. */
  CredentialsCache(Supplier<AwsCredentialsProvider> factory) {
    this.factory = factory;
  }

  private record ResolvedCredentials(AwsCredentials credentials, Instant at) {
    boolean isFresh() {
      Instant now = Instant.now();
      return at.plus(FRESH).isAfter(now)
          && credentials
              .expirationTime()
              .map(expiry -> expiry.minus(EXPIRY_MARGIN).isAfter(now))
              .orElse(true);
    }
  }

  /**
   * The credentials to sign with now; fails with what the provider threw, or by a
   * RejectedExecutionException after {@link #close()}. Never blocks; cancelling it disturbs nobody
   * else.
   */
  CompletableFuture<AwsCredentials> current() {
    ResolvedCredentials resolved = last;
    if (resolved != null && resolved.isFresh()) {
      return CompletableFuture.completedFuture(resolved.credentials());
    }
    synchronized (this) {
      CompletableFuture<AwsCredentials> question = pending;
      if (question == null) {
        question = new CompletableFuture<>();
        pending = question;
        CompletableFuture<AwsCredentials> asked = question;
        thread.execute(() -> answer(asked));
      }
      return question.copy();
    }
  }

  private void answer(CompletableFuture<AwsCredentials> question) {
    try {
      AwsCredentials credentials = resolve();
      last = new ResolvedCredentials(credentials, Instant.now());
      forget();
      question.complete(credentials);
    } catch (Throwable failure) {
      forget();
      question.completeExceptionally(failure);
    }
  }

  private synchronized void forget() {
    pending = null;
  }

  private AwsCredentials resolve() {
    AwsCredentialsProvider built = provider;
    if (built == null) {
      built = factory.get();
      provider = built;
    }
    return built.resolveCredentials();
  }

  /** Questions after this fail. May be called twice. */
  @Override
  public synchronized void close() {
    if (thread.isShutdown()) {
      return;
    }
    thread.execute(
        () -> {
          if (provider instanceof SdkAutoCloseable closeable) {
            closeable.close();
          }
        });
    thread.shutdown();
  }
}
