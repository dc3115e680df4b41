package dev.pglambda.lambda.sample;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A function that runs inside this process.
 *
 * @param name bare function name
 * @param description one line for people, without a full stop
 * @param handler what it does
 */
public record SampleFunction(String name, String description, Handler handler) {

  /** The code of a function. */
  @FunctionalInterface
  public interface Handler {
    /**
     * Runs once, without blocking, with an event in JSON in UTF-8 and a console for the lines the
     * function prints. Fails with {@link Thrown} where a Lambda function throws; cancelling the
     * reply ends it.
     */
    CompletableFuture<ByteBuffer> run(ByteBuffer event, Consumer<String> console);
  }

  /** An error that a function throws, as the runtime for Node.js reports it. */
  public static final class Thrown extends Exception {
    private static final long serialVersionUID = 1L;

    private final String errorType;

    Thrown(String errorType, String errorMessage) {
      super(errorMessage);
      this.errorType = errorType;
    }

    public String errorType() {
      return errorType;
    }
  }
}
