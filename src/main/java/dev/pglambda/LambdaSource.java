package dev.pglambda;

import dev.pglambda.config.Config;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.Partitions;
import dev.pglambda.lambda.aws.AwsEnvironment;
import dev.pglambda.lambda.aws.AwsLambdaInvoker;
import dev.pglambda.lambda.aws.SdkPartitions;
import dev.pglambda.lambda.sample.SampleFunctions;
import dev.pglambda.limits.MemoryBudget;
import io.netty.channel.EventLoopGroup;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where calls go: to Lambda through the AWS SDK, or to sample functions inside the proxy.
 *
 * @param invoker to be closed with the proxy
 * @param region region of calls that name none
 * @param warmUp makes the first call quicker; to be run, at leisure, once clients are served
 * @param description lines for the user
 */
record LambdaSource(
    LambdaInvoker invoker, String region, Runnable warmUp, List<String> description) {
  static final Partitions PARTITIONS = new SdkPartitions();

  /** Chooses as the configuration says, and as the AWS settings of the environment suggest. */
  static LambdaSource choose(
      Config.Lambda config, EventLoopGroup loops, MemoryBudget memory, AwsEnvironment environment)
      throws StartException {
    String region = environment.ownRegion(config.region());
    if (PARTITIONS.partitionOf(region) == null) {
      throw StartException.badUsage(
          "AWS region: \"%s\" (expected: the name of an AWS region, for example us-east-1)"
              .formatted(region.replaceAll("\\p{Cntrl}", "?")),
          null);
    }
    String found =
        config.endpoint() == null ? environment.configuration() : "endpoint " + config.endpoint();
    return switch (config.sampleFunctions()) {
      case ON -> samples(loops, region, "as asked for by --sample-functions");
      case OFF -> aws(config, loops, memory, environment, region, found);
      case AUTO ->
          found == null
              ? samples(
                  loops, region, "because neither --lambda-endpoint nor AWS settings were found")
              : aws(config, loops, memory, environment, region, found);
    };
  }

  private static LambdaSource samples(EventLoopGroup loops, String region, String why) {
    SampleFunctions functions = new SampleFunctions(loops);
    List<String> lines =
        Stream.concat(
                Stream.of("sample functions inside the proxy, " + why),
                functions.descriptions().entrySet().stream()
                    .map(each -> "  %-16s %s".formatted(each.getKey(), each.getValue())))
            .toList();
    return new LambdaSource(functions, region, () -> {}, lines);
  }

  private static LambdaSource aws(
      Config.Lambda config,
      EventLoopGroup loops,
      MemoryBudget memory,
      AwsEnvironment environment,
      String region,
      @Nullable String found) {
    AwsLambdaInvoker invoker =
        AwsLambdaInvoker.of(
            loops,
            new AwsLambdaInvoker.InvokerSettings(
                config.endpoint(),
                config.roleArn(),
                config.retries(),
                config.maxConcurrentInvocations()),
            environment,
            region);
    invoker.limitReplies(memory);
    String where = found == null ? "AWS with its default settings" : found;
    return new LambdaSource(
        invoker, region, invoker::warmUp, List.of("real: " + where + ", region " + region));
  }
}
