package dev.pglambda.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A stream of server-sent events (HTML standard, section 9.2), line by line. The HTTP client brings
 * the lines, one at a time as they are asked for; one other thread takes them.
 */
final class CallEvents implements Flow.Subscriber<String>, AutoCloseable {
  /** The proxy sends a comment each 15 seconds. */
  private static final int LONGEST_SILENCE_SECONDS = 45;

  /** At most one line, and the end, which is empty. */
  private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();

  private volatile Flow.@Nullable Subscription subscription;

  /**
   * Waits for a call that begins or has ended; null if the stream has ended or is silent.
   *
   * @throws IOException if it is no call
   */
  @Nullable ListedCall next() throws IOException, InterruptedException {
    String event = "";
    String data = "";
    while (true) {
      String line = nextLine();
      if (line == null) {
        return null;
      } else if (line.startsWith("event:")) {
        event = line.substring("event:".length()).strip();
      } else if (line.startsWith("data:")) {
        data = line.substring("data:".length()).strip();
      } else if (line.isEmpty()) {
        if (event.equals("invocation")) {
          return ListedCall.parse(data.getBytes(UTF_8));
        }
        event = "";
      }
    }
  }

  private @Nullable String nextLine() throws InterruptedException {
    Optional<String> line = lines.poll(LONGEST_SILENCE_SECONDS, TimeUnit.SECONDS);
    Flow.Subscription current = subscription;
    if (line == null || line.isEmpty() || current == null) {
      return null;
    }
    current.request(1);
    return line.get();
  }

  @Override
  public void onSubscribe(Flow.Subscription newSubscription) {
    subscription = newSubscription;
    newSubscription.request(1);
  }

  @Override
  public void onNext(String line) {
    lines.add(Optional.of(line));
  }

  @Override
  public void onError(Throwable cause) {
    lines.add(Optional.empty());
  }

  @Override
  public void onComplete() {
    lines.add(Optional.empty());
  }

  @Override
  public void close() {
    Flow.Subscription current = subscription;
    if (current != null) {
      current.cancel();
    }
  }
}
