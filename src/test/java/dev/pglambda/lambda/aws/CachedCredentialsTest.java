package dev.pglambda.lambda.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.utils.SdkAutoCloseable;

class CachedCredentialsTest {
  private final FakeProvider provider = new FakeProvider();
  private final CredentialsCache credentials = new CredentialsCache(() -> provider);

  /** Answers a question for each permit. */
  private static final class FakeProvider implements AwsCredentialsProvider, SdkAutoCloseable {
    final Semaphore permits = new Semaphore(0);
    final List<String> threads = new CopyOnWriteArrayList<>();
    final CompletableFuture<Void> closed = new CompletableFuture<>();
    volatile @Nullable RuntimeException failure;
    volatile @Nullable Instant expiry;

    @Override
    public AwsCredentials resolveCredentials() {
      threads.add(Thread.currentThread().getName());
      permits.acquireUninterruptibly();
      RuntimeException thrown = failure;
      if (thrown != null) {
        throw thrown;
      }
      return AwsSessionCredentials.builder()
          .accessKeyId("key" + threads.size())
          .secretAccessKey("secret")
          .sessionToken("token")
          .expirationTime(expiry)
          .build();
    }

    @Override
    public void close() {
      closed.complete(null);
    }
  }

  @AfterEach
  void close() {
    provider.permits.release(100);
    credentials.close();
  }

  private String key() throws Exception {
    return credentials.current().get(10, TimeUnit.SECONDS).accessKeyId();
  }

  @Test
  void asksOnAThreadOfItsOwn() throws Exception {
    provider.permits.release();

    assertThat(key()).isEqualTo("key1");

    assertThat(provider.threads).containsExactly("aws-credentials");
  }

  @Test
  void asksOnceForAllWhoWait() throws Exception {
    List<CompletableFuture<AwsCredentials>> questions =
        IntStream.range(0, 10).mapToObj(i -> credentials.current()).toList();
    assertThat(questions).noneMatch(CompletableFuture::isDone);

    provider.permits.release();

    for (CompletableFuture<AwsCredentials> question : questions) {
      assertThat(question.get(10, TimeUnit.SECONDS).accessKeyId()).isEqualTo("key1");
    }
    assertThat(provider.threads).hasSize(1);
  }

  @Test
  void answersAtOnceWhileTheAnswerIsFresh() throws Exception {
    provider.permits.release();
    assertThat(key()).isEqualTo("key1");

    assertThat(credentials.current()).isCompleted();
  }

  @Test
  void asksAgainWhenTheCredentialsAreAboutToExpire() throws Exception {
    provider.permits.release(2);
    provider.expiry = Instant.now().plus(Duration.ofSeconds(30));
    assertThat(key()).isEqualTo("key1");

    assertThat(key()).isEqualTo("key2");
  }

  @Test
  void asksAgainAfterAFailure() throws Exception {
    provider.permits.release(2);
    provider.failure = new IllegalStateException("none for a test");
    assertThatThrownBy(this::key).hasRootCauseMessage("none for a test");

    provider.failure = null;

    assertThat(key()).isEqualTo("key2");
  }

  @Test
  void isNotDisturbedByOneWhoGivesUp() throws Exception {
    CompletableFuture<AwsCredentials> impatient = credentials.current();
    CompletableFuture<AwsCredentials> patient = credentials.current();

    impatient.cancel(true);
    provider.permits.release();

    assertThat(patient.get(10, TimeUnit.SECONDS).accessKeyId()).isEqualTo("key1");
  }

  @Test
  void closesTheProviderAndRefusesFurtherQuestions() throws Exception {
    provider.expiry = Instant.EPOCH; // never fresh
    provider.permits.release();
    assertThat(key()).isEqualTo("key1");

    credentials.close();

    provider.closed.get(10, TimeUnit.SECONDS);
    assertThatThrownBy(credentials::current).isInstanceOf(RejectedExecutionException.class);
  }
}
