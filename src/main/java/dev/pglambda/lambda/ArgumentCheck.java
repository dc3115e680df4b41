package dev.pglambda.lambda;

import dev.pglambda.protocol.SqlError;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Turns the arguments of {@code aws_lambda.invoke} into an {@link Invocation}: defaults, allowed
 * values, and where the region comes from ("aws_lambda.invoke" and "Parameter reference" in the
 * guide for RDS for PostgreSQL).
 */
record ArgumentCheck(String ownRegion, Partitions partitions) {
  static final String CONNECT_TIMEOUT = "aws_lambda.connect_timeout_ms";
  static final String REQUEST_TIMEOUT = "aws_lambda.request_timeout_ms";

  static final int DEFAULT_CONNECT_TIMEOUT_MS = 1000;
  private static final int DEFAULT_REQUEST_TIMEOUT_MS = 3000;
  private static final int LEAST_TIMEOUT_MS = 1;
  private static final int MOST_TIMEOUT_MS = 900_000;

  private static final Pattern INTEGER = Pattern.compile("[+-]?\\d+");

  /** What to send, and what to say beside the result, or null. */
  record Checked(Invocation invocation, @Nullable SqlError warning) {}

  Checked check(InvokeArguments arguments) throws InvalidArgumentException {
    String functionName = notNull("function_name", arguments.functionName());
    if (functionName.isBlank()) {
      throw new InvalidArgumentException(InvokeErrors.functionNameIsEmpty());
    }
    var payload = notNull("payload", arguments.payload());
    Types types = types(arguments);
    InvocationType invocationType =
        choice(
            types.invocationType(),
            InvocationType.REQUEST_RESPONSE,
            ArgumentCheck::invocationTypeNamed,
            InvokeErrors::invalidInvocationType);
    LogType logType =
        choice(
            types.logType(),
            LogType.NONE,
            ArgumentCheck::logTypeNamed,
            InvokeErrors::invalidLogType);
    Duration connectTimeout =
        timeout(CONNECT_TIMEOUT, arguments.connectTimeoutMs(), DEFAULT_CONNECT_TIMEOUT_MS);
    Duration requestTimeout =
        timeout(REQUEST_TIMEOUT, arguments.requestTimeoutMs(), DEFAULT_REQUEST_TIMEOUT_MS);
    FunctionName name = FunctionName.parse(functionName).orElse(null);
    if (name != null && name.isPathSegment()) {
      throw new InvalidArgumentException(InvokeErrors.invalidFunctionName(functionName));
    }
    String region = region(types.region(), name);
    checkQualifier(arguments.qualifier(), name);
    Invocation invocation =
        new Invocation(
            // A name in no known form goes as it is: the service judges it, in its own words.
            name == null ? functionName : name.textIn(region),
            region,
            invocationType,
            logType,
            types.context(),
            arguments.qualifier(),
            payload,
            connectTimeout,
            requestTimeout);
    return new Checked(invocation, types.warning());
  }

  private static <T> T notNull(String argument, @Nullable T value) throws InvalidArgumentException {
    if (value == null) {
      throw new InvalidArgumentException(InvokeErrors.argumentIsNull(argument));
    }
    return value;
  }

  /** The arguments whose meaning depends on the overload that was meant. */
  private record Types(
      @Nullable String region,
      @Nullable String invocationType,
      @Nullable String logType,
      @Nullable String context,
      @Nullable SqlError warning) {}

  /**
   * AWS's guide writes the composite overload's arguments after a text, which PostgreSQL takes for
   * the text overload: then everything stands one place further left than the parameters' names
   * say, but for the context and the qualifier if they have their own parameters' types.
   */
  private static Types types(InvokeArguments arguments) throws InvalidArgumentException {
    String region = arguments.region();
    return switch (arguments.form()) {
      case COMPOSITE -> asNamed(arguments, arguments.arnRegion());
      case COMPOSITE_TEXT ->
          region != null || logTypeNamed(arguments.invocationType()) != null
              ? shifted(arguments, arguments.arnRegion(), null)
              : asNamed(arguments, arguments.arnRegion());
      case NAME ->
          region != null && invocationTypeNamed(region) != null
              ? shifted(arguments, null, InvokeErrors.readAsCompositeOverload(region))
              : asNamed(arguments, region);
    };
  }

  private static Types asNamed(InvokeArguments arguments, @Nullable String region) {
    return new Types(
        region, arguments.invocationType(), arguments.logType(), arguments.context(), null);
  }

  private static Types shifted(
      InvokeArguments arguments, @Nullable String region, @Nullable SqlError warning)
      throws InvalidArgumentException {
    String invocationType = arguments.region();
    String logType = arguments.invocationType();
    String context = arguments.logType();
    boolean noLogType =
        logType == null
            ? context == null || logTypeNamed(context) != null
            : logType.equals(InvocationType.REQUEST_RESPONSE.apiName());
    // The default of a parameter tells nothing: then it was given by name, or not at all.
    if (noLogType) {
      return new Types(region, invocationType, context, arguments.context(), warning);
    }
    return new Types(
        region, invocationType, logType, shiftedContext(context, arguments.context()), warning);
  }

  /** The client context, of what stands in the place of the log type and in its own. */
  private static @Nullable String shiftedContext(@Nullable String logType, @Nullable String context)
      throws InvalidArgumentException {
    if (logType == null || logType.equals(LogType.NONE.apiName())) {
      return context;
    }
    if (context != null) {
      throw new InvalidArgumentException(InvokeErrors.invalidLogType(logType));
    }
    if (!JsonText.isOne(logType)) {
      throw new InvalidArgumentException(InvokeErrors.contextIsNoJson(logType));
    }
    return logType;
  }

  private static <T> T choice(
      @Nullable String given,
      T byDefault,
      Function<String, @Nullable T> named,
      Function<String, SqlError> invalid)
      throws InvalidArgumentException {
    if (given == null) {
      return byDefault;
    }
    T choice = named.apply(given);
    if (choice == null) {
      throw new InvalidArgumentException(invalid.apply(given));
    }
    return choice;
  }

  private static @Nullable InvocationType invocationTypeNamed(@Nullable String name) {
    return Arrays.stream(InvocationType.values())
        .filter(type -> type.apiName().equals(name))
        .findAny()
        .orElse(null);
  }

  private static @Nullable LogType logTypeNamed(@Nullable String name) {
    return Arrays.stream(LogType.values())
        .filter(type -> type.apiName().equals(name))
        .findAny()
        .orElse(null);
  }

  private static Duration timeout(String parameter, @Nullable String given, int defaultMs)
      throws InvalidArgumentException {
    if (given == null || given.isBlank()) {
      return Duration.ofMillis(defaultMs);
    }
    String text = given.strip();
    if (!INTEGER.matcher(text).matches()) {
      throw new InvalidArgumentException(InvokeErrors.timeoutIsNoInteger(parameter, given, false));
    }
    int milliseconds;
    try {
      milliseconds = Integer.parseInt(text);
    } catch (NumberFormatException tooLong) {
      throw new InvalidArgumentException(InvokeErrors.timeoutIsNoInteger(parameter, given, true));
    }
    if (milliseconds < LEAST_TIMEOUT_MS || milliseconds > MOST_TIMEOUT_MS) {
      throw new InvalidArgumentException(
          InvokeErrors.timeoutOutOfRange(
              parameter, milliseconds, LEAST_TIMEOUT_MS, MOST_TIMEOUT_MS));
    }
    return Duration.ofMillis(milliseconds);
  }

  /** The argument's, else the ARN's, else the proxy's own; of the ARN's partition. */
  private String region(@Nullable String argument, @Nullable FunctionName name)
      throws InvalidArgumentException {
    String given = givenRegion(argument);
    String named = name == null ? null : givenRegion(name.region());
    String region = given != null ? given : named != null ? named : ownRegion;
    String partition = partitions.partitionOf(region);
    if (partition == null) {
      throw new InvalidArgumentException(InvokeErrors.invalidRegion(region));
    }
    if (name != null && named != null && !named.equals(region)) {
      throw new InvalidArgumentException(InvokeErrors.regionConflict(region, name));
    }
    if (name != null && name.partition() != null && !name.partition().equals(partition)) {
      throw new InvalidArgumentException(InvokeErrors.partitionConflict(region, partition, name));
    }
    return region;
  }

  private static @Nullable String givenRegion(@Nullable String region) {
    return FunctionName.REGION_PLACEHOLDER.equals(region) ? null : region;
  }

  private static void checkQualifier(@Nullable String given, @Nullable FunctionName name)
      throws InvalidArgumentException {
    if (given != null
        && name != null
        && name.qualifier() != null
        && !name.qualifier().equals(given)) {
      throw new InvalidArgumentException(InvokeErrors.qualifierConflict(given, name));
    }
  }
}
