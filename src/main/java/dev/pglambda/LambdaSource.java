package dev.pglambda;

import dev.pglambda.config.Config;
import dev.pglambda.embedded.SampleFunctions;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.aws.AwsEnvironment;
import dev.pglambda.lambda.aws.AwsLambdaInvoker;
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

  /**
   * Chooses as the configuration says, and as the AWS settings found in the environment suggest.
   */
  static LambdaSource choose(Config.Lambda config, EventLoopGroup loops) {
    AwsEnvironment environment = AwsEnvironment.ofProcess();
    String region = environment.ownRegion(config.region());
    String found =
        config.endpoint() == null ? environment.configuration() : "endpoint " + config.endpoint();
    return switch (config.sampleFunctions()) {
      case ON -> samples(loops, region, "as asked for by --sample-functions");
      case OFF -> aws(config, loops, environment, region, found);
      case AUTO ->
          found == null
              ? samples(
                  loops, region, "because neither --lambda-endpoint nor AWS settings were found")
              : aws(config, loops, environment, region, found);
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
      AwsEnvironment environment,
      String region,
      @Nullable String found) {
    AwsLambdaInvoker invoker =
        new AwsLambdaInvoker(
            loops,
            new AwsLambdaInvoker.Settings(
                config.endpoint(),
                config.roleArn(),
                config.retries(),
                config.maxConcurrentInvocations()),
            environment,
            region);
    String where = found == null ? "AWS with its default settings" : found;
    return new LambdaSource(
        invoker, region, invoker::warmUp, List.of("real: " + where + ", region " + region));
  }
}
