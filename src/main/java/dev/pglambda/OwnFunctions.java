package dev.pglambda;

import dev.pglambda.config.Config;
import dev.pglambda.config.FileStamps;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.RouteState;
import dev.pglambda.lambda.aws.EndpointInvokers;
import dev.pglambda.lambda.canned.CannedInvoker;
import dev.pglambda.lambda.canned.FaultyInvoker;
import dev.pglambda.lambda.local.LocalFunctionHost;
import dev.pglambda.lambda.local.LocalHostSettings;
import dev.pglambda.lambda.policy.Policies;
import dev.pglambda.lambda.policy.PolicyException;
import dev.pglambda.lambda.project.FunctionsConfiguration;
import dev.pglambda.lambda.project.FunctionsException;
import dev.pglambda.lambda.project.FunctionsReader;
import dev.pglambda.lambda.route.CannedReply;
import dev.pglambda.lambda.route.Endpoint;
import dev.pglambda.lambda.route.Fault;
import dev.pglambda.lambda.route.LocalFunction;
import dev.pglambda.lambda.route.Permissions;
import dev.pglambda.lambda.route.Route;
import dev.pglambda.lambda.route.RoutedInvoker;
import dev.pglambda.lambda.route.Target;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The user's own functions: reads {@code --functions}, follows its changes, and wires what answers.
 */
final class OwnFunctions implements LambdaInvoker {
  private static final Logger log = LoggerFactory.getLogger(OwnFunctions.class);

  private static final long LOOK_MS = 500;

  /** For the rates of faults, on any thread. */
  private static final RandomGenerator RANDOM = () -> ThreadLocalRandom.current().nextLong();

  private final EventLoopGroup loops;
  private final LocalFunctionHost host;
  private final EndpointInvokers endpoints;
  private final RoutedInvoker routed;
  private final List<String> description = new ArrayList<>();
  private final ScheduledExecutorService watch =
      Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("functions-watch", true));

  /** After the start only used by the thread that watches, as the routes are. */
  private FileStamps stamps = FileStamps.of(List.of());

  private List<Route> routes = List.of();

  /**
   * Reads functions and policies.
   *
   * @param endpoints not closed by this
   * @param others where calls of other functions go, closed with this; null: nowhere
   */
  static OwnFunctions open(
      Config config,
      EventLoopGroup loops,
      EndpointInvokers endpoints,
      @Nullable LambdaInvoker others)
      throws StartException {
    Config.Lambda lambda = config.lambda();
    try {
      LocalHostSettings host =
          LocalHostSettings.of(
              config.dataDirectory().toAbsolutePath().resolve("functions"), System.getenv());
      OwnFunctions functions =
          new OwnFunctions(
              loops, new LocalFunctionHost(loops, host), endpoints, others, permissions(lambda));
      String option = lambda.functions();
      if (option != null) {
        functions.follow(option);
      }
      return functions;
    } catch (FunctionsException | PolicyException unusable) {
      throw StartException.badUsage(String.valueOf(unusable.getMessage()), unusable);
    }
  }

  private static Permissions permissions(Config.Lambda lambda) throws PolicyException {
    if (lambda.policies().isEmpty()) {
      return (function, role) -> null;
    }
    Policies policies = Policies.read(lambda.policies());
    return (function, role) -> policies.refusal(function, role == null ? lambda.roleArn() : role);
  }

  private OwnFunctions(
      EventLoopGroup loops,
      LocalFunctionHost host,
      EndpointInvokers endpoints,
      @Nullable LambdaInvoker others,
      Permissions permissions) {
    this.loops = loops;
    this.host = host;
    this.endpoints = endpoints;
    this.routed = new RoutedInvoker(this::open, others, permissions, this::withFaults);
  }

  private LambdaInvoker open(Target target) {
    if (target instanceof LocalFunction function) {
      return host.open(function);
    } else if (target instanceof Endpoint endpoint) {
      return endpoints.open(endpoint);
    }
    return new CannedInvoker((CannedReply) target, loops);
  }

  private LambdaInvoker withFaults(LambdaInvoker invoker, List<Fault> faults) {
    return new FaultyInvoker(invoker, faults, loops, RANDOM);
  }

  /** Reads what the option names, and again whenever that changes. */
  private void follow(String option) throws FunctionsException {
    FunctionsConfiguration first = read(option);
    replace(first);
    description.addAll(describe(first));
    stamps = FileStamps.of(first.watched());
    var unused =
        watch.scheduleWithFixedDelay(() -> look(option), LOOK_MS, LOOK_MS, TimeUnit.MILLISECONDS);
  }

  private void look(String option) {
    try {
      FileStamps now = stamps.again();
      if (!now.equals(stamps)) {
        // Of before they are read: a change in between is read again.
        stamps = now;
        readAgain(option);
      }
    } catch (Throwable bug) { // an error, too, would end all further looks without a word
      log.error("while looking at --functions", bug);
    }
  }

  private void readAgain(String option) {
    try {
      FunctionsConfiguration changed = read(option);
      stamps = stamps.with(changed.watched());
      replace(changed);
      log.info("--functions was read again: {}", String.join("; ", describe(changed)));
    } catch (FunctionsException unusable) {
      stamps = stamps.with(unusable.watched());
      log.warn(
          "--functions has changed and is not used, the routes of before stay: {}",
          unusable.getMessage());
    }
  }

  private FunctionsConfiguration read(String option) throws FunctionsException {
    return FunctionsReader.read(
        List.of(option), Path.of("").toAbsolutePath(), System.getenv()::get, routes);
  }

  private void replace(FunctionsConfiguration configuration) {
    routes = configuration.routes();
    routed.replace(routes);
  }

  private static List<String> describe(FunctionsConfiguration configuration) {
    List<String> lines = new ArrayList<>();
    lines.add("functions of your own" + (configuration.routes().isEmpty() ? ": none" : ""));
    for (Route route : configuration.routes()) {
      lines.add("  %-16s %s".formatted(route.pattern(), route.target().description()));
    }
    configuration.warnings().forEach(warning -> lines.add("  WARNING: " + warning));
    return lines;
  }

  /** The routes, and what is not used, as they were at the start: lines for the user. */
  List<String> description() {
    return List.copyOf(description);
  }

  @Override
  public CompletableFuture<InvocationResult> invoke(Invocation invocation) {
    return routed.invoke(invocation);
  }

  @Override
  public @Nullable String route(Invocation invocation) {
    return routed.route(invocation);
  }

  @Override
  public List<RouteState> routes() {
    return routed.routes();
  }

  @Override
  public void close() {
    watch.shutdownNow();
    routed.close();
    host.close();
  }
}
