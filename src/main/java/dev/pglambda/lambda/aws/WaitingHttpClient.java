package dev.pglambda.lambda.aws;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.SdkPublisher;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.http.async.AsyncExecuteRequest;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.async.SdkAsyncHttpResponseHandler;
import software.amazon.awssdk.http.async.SdkHttpContentPublisher;
import software.amazon.awssdk.utils.BinaryUtils;

/**
 * An HTTP client whose caller waits for the answer, which is short. Not to be called on an event
 * loop.
 *
 * @param http carries the requests
 */
record WaitingHttpClient(SdkAsyncHttpClient http) implements SdkHttpClient {
  private static final Duration LONGEST = Duration.ofSeconds(30);
  private static final int LONGEST_ANSWER = 1 << 20;

  @Override
  public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
    return new AwaitedRequest(http, request);
  }

  @Override
  public String clientName() {
    return http.clientName();
  }

  @Override
  public void close() {
    http.close();
  }

  private static final class AwaitedRequest
      implements ExecutableHttpRequest, SdkAsyncHttpResponseHandler {
    private final SdkAsyncHttpClient http;
    private final HttpExecuteRequest request;
    private final CompletableFuture<HttpExecuteResponse> answer = new CompletableFuture<>();
    private final HttpExecuteResponse.Builder response = HttpExecuteResponse.builder();
    private final ByteArrayOutputStream content = new ByteArrayOutputStream();

    AwaitedRequest(SdkAsyncHttpClient http, HttpExecuteRequest request) {
      this.http = http;
      this.request = request;
    }

    @Override
    public HttpExecuteResponse call() throws IOException {
      CompletableFuture<Void> sending =
          http.execute(
              AsyncExecuteRequest.builder()
                  .request(request.httpRequest())
                  .requestContentPublisher(new Content(AsyncRequestBody.fromBytes(body())))
                  .responseHandler(this)
                  .build());
      try {
        return answer.get(LONGEST.toNanos(), TimeUnit.NANOSECONDS);
      } catch (ExecutionException failure) {
        throw failure.getCause() instanceof IOException lost
            ? lost
            : new IOException(failure.getCause());
      } catch (TimeoutException late) {
        throw new IOException("no answer within " + LONGEST.toSeconds() + " seconds", late);
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException();
      } finally {
        sending.cancel(true);
      }
    }

    private byte[] body() throws IOException {
      Optional<ContentStreamProvider> provider = request.contentStreamProvider();
      if (provider.isEmpty()) {
        return new byte[0];
      }
      try (InputStream body = provider.get().newStream()) {
        return body.readAllBytes();
      }
    }

    @Override
    public void onHeaders(SdkHttpResponse headers) {
      response.response(headers);
    }

    @Override
    public void onStream(Publisher<ByteBuffer> stream) {
      var unused =
          SdkPublisher.adapt(stream)
              .subscribe(this::append)
              .whenComplete(
                  (end, failure) -> {
                    if (failure != null) {
                      onError(failure);
                    } else {
                      answer.complete(
                          response
                              .responseBody(
                                  AbortableInputStream.create(
                                      new ByteArrayInputStream(content.toByteArray())))
                              .build());
                    }
                  });
    }

    private void append(ByteBuffer piece) {
      if (content.size() + piece.remaining() > LONGEST_ANSWER) {
        throw new IllegalStateException("the answer is longer than " + LONGEST_ANSWER + " bytes");
      }
      content.writeBytes(BinaryUtils.copyBytesFrom(piece));
    }

    @Override
    public void onError(Throwable failure) {
      answer.completeExceptionally(failure);
    }

    @Override
    public void abort() {
      onError(new IOException("aborted"));
    }
  }

  private record Content(AsyncRequestBody body) implements SdkHttpContentPublisher {
    @Override
    public Optional<Long> contentLength() {
      return body.contentLength();
    }

    @Override
    public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
      body.subscribe(subscriber);
    }
  }
}
