package dev.pglambda;

import dev.pglambda.config.Config;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.Partitions;
import dev.pglambda.lambda.aws.AwsEnvironment;
import dev.pglambda.lambda.aws.AwsLambdaInvoker;
import dev.pglambda.lambda.aws.EndpointInvokers;
import dev.pglambda.lambda.aws.SdkPartitions;
import dev.pglambda.lambda.sample.SampleFunctions;
import dev.pglambda.limits.MemoryBudget;
import io.netty.channel.EventLoopGroup;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where calls go: to functions of the user's own, and others to Lambda through the AWS SDK, or to
 * sample functions inside the proxy.
 *
 * @param invoker of all calls
 * @param endpoints what invokers through the AWS SDK share
 * @param region region of calls that name none
 * @param warmUp makes the first call quicker; to be run, at leisure, once clients are served
 * @param others where calls go that no function of the user's own serves, in a line
 * @param description lines for the user
 */
record LambdaSource(
    LambdaInvoker invoker,
    EndpointInvokers endpoints,
    String region,
    Runnable warmUp,
    String others,
    List<String> description)
    implements AutoCloseable {
  static final Partitions PARTITIONS = new SdkPartitions();

  /** Where calls go that no function of the user's own serves; a null invoker: nowhere. */
  private record Others(
      @Nullable LambdaInvoker invoker, Runnable warmUp, List<String> description) {
    String line() {
      return description.get(0);
    }
  }

  /** Chooses as the configuration says, and as the AWS settings of the environment suggest. */
  static LambdaSource choose(
      Config config, EventLoopGroup loops, MemoryBudget memory, AwsEnvironment environment)
      throws StartException {
    Config.Lambda lambda = config.lambda();
    String region = environment.ownRegion(lambda.region());
    if (PARTITIONS.partitionOf(region) == null) {
      throw StartException.badUsage(
          "AWS region: \"%s\" (expected: the name of an AWS region, for example us-east-1)"
              .formatted(region.replaceAll("\\p{Cntrl}", "?")),
          null);
    }
    EndpointInvokers endpoints =
        new EndpointInvokers(
            loops,
            new AwsLambdaInvoker.InvokerSettings(
                lambda.endpoint(),
                lambda.roleArn(),
                lambda.retries(),
                lambda.maxConcurrentInvocations()),
            environment,
            region);
    endpoints.limitReplies(memory);
    Others others = others(lambda, loops, environment, region, endpoints);
    LambdaInvoker all = others.invoker();
    if (all != null && lambda.functions() == null && lambda.policies().isEmpty()) {
      return new LambdaSource(
          all, endpoints, region, others.warmUp(), others.line(), others.description());
    }
    OwnFunctions functions = OwnFunctions.open(config, loops, endpoints, all);
    return new LambdaSource(
        functions,
        endpoints,
        region,
        others.warmUp(),
        others.line(),
        Stream.concat(functions.description().stream(), others.description().stream()).toList());
  }

  private static Others others(
      Config.Lambda lambda,
      EventLoopGroup loops,
      AwsEnvironment environment,
      String region,
      EndpointInvokers endpoints) {
    String found =
        lambda.endpoint() == null ? environment.configuration() : "endpoint " + lambda.endpoint();
    return switch (lambda.sampleFunctions()) {
      case ON -> samples(loops, "as asked for by --sample-functions");
      case OFF -> aws(endpoints, region, found);
      case AUTO ->
          found != null
              ? aws(endpoints, region, found)
              : lambda.functions() == null
                  ? samples(loops, "because neither --lambda-endpoint nor AWS settings were found")
                  : new Others(null, () -> {}, List.of("other functions: none"));
    };
  }

  private static Others samples(EventLoopGroup loops, String why) {
    SampleFunctions functions = new SampleFunctions(loops);
    List<String> lines =
        Stream.concat(
                Stream.of("sample functions inside the proxy, " + why),
                functions.descriptions().entrySet().stream()
                    .map(each -> "  %-16s %s".formatted(each.getKey(), each.getValue())))
            .toList();
    return new Others(functions, () -> {}, lines);
  }

  private static Others aws(EndpointInvokers endpoints, String region, @Nullable String found) {
    AwsLambdaInvoker invoker = endpoints.openOwn();
    String where = found == null ? "AWS with its default settings" : found;
    return new Others(invoker, invoker::warmUp, List.of("real: " + where + ", region " + region));
  }

  /** Ends what calls functions; calls in progress fail. May block for a short time. */
  @Override
  public void close() {
    invoker.close();
    endpoints.close();
  }
}
