package dev.pglambda.lambda.sample;

import dev.pglambda.lambda.FunctionName;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeErrors;
import dev.pglambda.lambda.LambdaInvoker;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A few functions that run inside this process and answer as Lambda would, so that everything can
 * be tried without AWS. Safe for use by many threads.
 */
public final class SampleFunctions implements LambdaInvoker {
  /** The account in the ARNs of functions that were named without one. */
  private static final String ACCOUNT = "000000000000";

  private static final String LATEST = "$LATEST";

  /** The API's pattern, word for word, for its own message. */
  private static final String NAME_PATTERN =
      "(arn:(aws[a-zA-Z-]*)?:lambda:)?"
          + "((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?"
          + "([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";

  private static final String QUALIFIER_PATTERN = "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";
  private static final Pattern QUALIFIER =
      Pattern.compile("\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9_$-]+");
  private static final Pattern VERSION = Pattern.compile("\\d+");

  private final ScheduledExecutorService scheduler;
  private final Map<String, SampleFunction> functions = new LinkedHashMap<>();
  private final Set<Execution> running = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * @param scheduler for the function that sleeps and for time-outs; nothing that runs on it
   *     blocks, so event loops will do. Not shut down by this class
   */
  public SampleFunctions(ScheduledExecutorService scheduler) {
    this.scheduler = scheduler;
    for (SampleFunction function : SampleHandlers.all(scheduler)) {
      functions.put(function.name(), function);
    }
  }

  /** The names of the functions, each with a line that describes it, in the order to show them. */
  public Map<String, String> descriptions() {
    Map<String, String> descriptions = new LinkedHashMap<>();
    functions.forEach((name, function) -> descriptions.put(name, function.description()));
    return descriptions;
  }

  @Override
  public CompletableFuture<InvocationResult> invoke(Invocation invocation) {
    if (closed) {
      return CompletableFuture.failedFuture(InvokeErrors.shutDown());
    }
    try {
      FunctionName name = parse(invocation.functionName());
      String qualifier = qualifier(name, invocation.qualifier());
      SampleFunction function = functions.get(name.name());
      if (function == null) {
        throw notFound(name, invocation.region(), qualifier);
      }
      return run(function, invocation, versionOf(qualifier));
    } catch (InvocationException refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }

  private CompletableFuture<InvocationResult> run(
      SampleFunction function, Invocation invocation, String version) {
    return switch (invocation.invocationType()) {
      case DRY_RUN -> CompletableFuture.completedFuture(withoutReply(204));
      case EVENT -> {
        execute(function, invocation, version);
        yield CompletableFuture.completedFuture(withoutReply(202));
      }
      case REQUEST_RESPONSE -> withTimeout(execute(function, invocation, version), invocation);
    };
  }

  private static InvocationResult withoutReply(int statusCode) {
    return new InvocationResult(statusCode, null, null, null, null);
  }

  private Execution execute(SampleFunction function, Invocation invocation, String version) {
    Execution execution = new Execution(function, invocation, version);
    running.add(execution);
    var unused = execution.result().whenComplete((done, failure) -> running.remove(execution));
    return execution;
  }

  private CompletableFuture<InvocationResult> withTimeout(
      Execution execution, Invocation invocation) {
    if (!execution.result().isDone()) {
      var alarm =
          scheduler.schedule(
              () -> execution.fail(InvokeErrors.requestTimedOut(null)),
              invocation.requestTimeout().toMillis(),
              TimeUnit.MILLISECONDS);
      var unused = execution.result().whenComplete((done, failure) -> alarm.cancel(false));
    }
    return execution.result();
  }

  private static FunctionName parse(String text) throws InvocationException {
    return FunctionName.parse(text)
        .filter(name -> !FunctionName.REGION_PLACEHOLDER.equals(name.region()))
        .orElseThrow(() -> invalid(text, "functionName", NAME_PATTERN));
  }

  private static @Nullable String qualifier(FunctionName name, @Nullable String given)
      throws InvocationException {
    if (given == null) {
      return name.qualifier();
    }
    if (!QUALIFIER.matcher(given).matches()) {
      throw invalid(given, "qualifier", QUALIFIER_PATTERN);
    }
    if (name.qualifier() != null && !given.equals(name.qualifier())) {
      throw new InvocationException(
          "The derived qualifier from the function name does not match the specified qualifier.",
          null);
    }
    return given;
  }

  /** Every version is there; an alias, whatever its name, stands for the latest. */
  private static String versionOf(@Nullable String qualifier) {
    return qualifier != null && VERSION.matcher(qualifier).matches() ? qualifier : LATEST;
  }

  private static InvocationException notFound(
      FunctionName name, String region, @Nullable String qualifier) {
    return new InvocationException(
        "Function not found: arn:aws:lambda:%s:%s:function:%s:%s"
            .formatted(
                region,
                Objects.requireNonNullElse(name.account(), ACCOUNT),
                name.name(),
                Objects.requireNonNullElse(qualifier, LATEST)),
        null);
  }

  private static InvocationException invalid(String value, String member, String pattern) {
    return new InvocationException(
        ("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must"
                + " satisfy regular expression pattern: %s")
            .formatted(value, member, pattern),
        null);
  }

  /** Ends what runs, events too. */
  @Override
  public void close() {
    closed = true;
    running.forEach(execution -> execution.fail(InvokeErrors.shutDown()));
  }
}
