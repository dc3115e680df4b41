package dev.pglambda.lambda.aws;

import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.limits.MemoryExhaustedException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttribute;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;

/**
 * Reserves the bytes of a reply as they come: the SDK gathers a body, however long it is, before it
 * hands it over.
 */
final class ReplyAccount implements ExecutionInterceptor {
  /** The account of a request. */
  static final ExecutionAttribute<MemoryAccount> ACCOUNT =
      new ExecutionAttribute<>("dev.pglambda.MemoryAccount");

  /** What was gathered is copied, once. */
  private static final int COPIES = 2;

  @Override
  public Optional<Publisher<ByteBuffer>> modifyAsyncHttpResponseContent(
      Context.ModifyHttpResponse context, ExecutionAttributes attributes) {
    MemoryAccount account = attributes.getAttribute(ACCOUNT);
    return context
        .responsePublisher()
        .map(
            body ->
                account == null
                    ? body
                    : subscriber -> body.subscribe(new Counting(subscriber, account)));
  }

  private static final class Counting implements Subscriber<ByteBuffer> {
    private final Subscriber<? super ByteBuffer> subscriber;
    private final MemoryAccount account;
    private @Nullable Subscription subscription;
    private boolean ended;

    private Counting(Subscriber<? super ByteBuffer> subscriber, MemoryAccount account) {
      this.subscriber = subscriber;
      this.account = account;
    }

    @Override
    public void onSubscribe(Subscription given) {
      subscription = given;
      subscriber.onSubscribe(given);
    }

    @Override
    public void onNext(ByteBuffer bytes) {
      if (ended) {
        return;
      }
      if (account.reserve((long) COPIES * bytes.remaining())) {
        subscriber.onNext(bytes);
        return;
      }
      ended = true;
      if (subscription != null) {
        subscription.cancel();
      }
      subscriber.onError(new MemoryExhaustedException(account.refusal()));
    }

    @Override
    public void onError(Throwable failure) {
      if (!ended) {
        ended = true;
        subscriber.onError(failure);
      }
    }

    @Override
    public void onComplete() {
      if (!ended) {
        ended = true;
        subscriber.onComplete();
      }
    }
  }
}
