package dev.pglambda;

import dev.pglambda.callback.CallbackLimits;
import dev.pglambda.callback.CallbackProof;
import dev.pglambda.callback.CallbackServer;
import dev.pglambda.callback.ProxySessions;
import dev.pglambda.config.CallbackPeers;
import dev.pglambda.config.Config;
import dev.pglambda.config.HostAndPort;
import dev.pglambda.config.IamAuthentication;
import dev.pglambda.config.ServerAddress;
import dev.pglambda.direct.flow.DirectCallHandler;
import dev.pglambda.direct.plan.DirectCalls;
import dev.pglambda.extension.ExtensionInstaller;
import dev.pglambda.extension.TrustedRoles;
import dev.pglambda.iam.TokenVerifier;
import dev.pglambda.intercept.ExtensionInterceptor;
import dev.pglambda.journal.Journal;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.InvokeFunction;
import dev.pglambda.lambda.aws.AwsEnvironment;
import dev.pglambda.lambda.aws.OwnAccessKey;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.listener.ClientListener;
import dev.pglambda.relay.LocalExecution;
import dev.pglambda.relay.RelaySettings;
import dev.pglambda.relay.Sessions;
import dev.pglambda.tls.BackendTls;
import dev.pglambda.tls.ClientTls;
import dev.pglambda.tls.TlsException;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.NettyRuntime;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running proxy: owns the event loops, the listener, the embedded server and the Lambda client,
 * and is the one place where the parts are wired. Starting and closing block; not to be called on
 * an event loop.
 */
public final class ProxyServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ProxyServer.class);
  private static final long CLOSE_MS = 3_000;
  private static final Duration TERMINATION = Duration.ofSeconds(2);
  private static final long WARM_UP_DELAY_MS = 500;

  private final Config config;
  private final Consumer<String> progress;

  private final Sessions sessions = new Sessions();
  private final Journal journal;
  private final CallbackProof callbackProof = new CallbackProof(Clock.systemUTC());
  private final MemoryBudget memory;

  /** What is to be closed, the last opened first. */
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  private List<String> description = List.of();
  private @Nullable CallbackServer callback;
  private @Nullable ListeningSockets listening;
  private @Nullable String embeddedUser;
  private @Nullable String embeddedPassword;

  private ProxyServer(Config config, Consumer<String> progress) {
    this.config = config;
    Long limit = config.limits().maxMemory();
    this.memory =
        new MemoryBudget(
            limit == null ? MemoryBudget.defaultLimit() : limit,
            config.limits().maxMemoryPerSession());
    this.journal = JournalOutputs.journal(config.journal());
    this.progress = progress;
  }

  /**
   * Starts a proxy and returns when it accepts clients; if it cannot, or is interrupted, nothing is
   * left running. {@code progress} gets one line before each step that takes a while, on any
   * thread.
   */
  public static ProxyServer start(Config config, Consumer<String> progress)
      throws StartException, InterruptedException {
    ProxyServer server = new ProxyServer(config, progress);
    boolean started = false;
    try {
      server.start();
      started = true;
      return server;
    } finally {
      if (!started) {
        server.close();
      }
    }
  }

  private void start() throws StartException, InterruptedException {
    JournalOutputs.open(config, journal, opened::push);
    EventLoopGroup loops =
        new NioEventLoopGroup(eventLoops(), new DefaultThreadFactory("pglambda"));
    opened.push(
        () -> loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(CLOSE_MS));
    ListeningSockets sockets = ListeningSockets.bind(config.listen(), loops);
    listening = sockets;
    opened.push(sockets);
    ClientTls tls = openTls();
    TokenVerifier tokens = openIam(loops, tls);
    LambdaSource lambda = LambdaSource.choose(config, loops, memory, AwsEnvironment.ofProcess());
    opened.push(lambda);
    InvokeFunction function =
        new InvokeFunction(lambda.invoker(), lambda.region(), LambdaSource.PARTITIONS, journal);
    TrustedRoles trustedRoles = TrustedRoles.of(config.callback().trustedRoles());
    CallbackEncryption encryption = CallbackEncryption.of(config, tls);
    CallbackSource calls = CallbackSource.open(config, address(), encryption);
    boolean isLoopback = address().getAddress().isLoopbackAddress();
    PostgresSource postgres =
        PostgresSource.open(config, isLoopback, trustedRoles, calls, progress);
    if (postgres.embedded() != null) {
      opened.push(postgres.embedded());
      embeddedUser = postgres.embedded().user();
      embeddedPassword = postgres.password();
    }
    CallbackServer server =
        new CallbackServer(
            calls.secret(),
            function,
            journal,
            sessionsOfCalls(),
            CallbackLimits.of(config.limits().maxCallbackLinks(), memory));
    callback = server;
    opened.push(server); // before the invoker, so that calls fail for the reason that is true
    opened.push(() -> sessions.terminateAll(TERMINATION));
    ClientListener ready =
        clientListener(postgres, calls, trustedRoles, function, server, tls, tokens);
    opened.push(ready);
    CallbackPeers peers = config.callback().allow();
    if (peers == null || peers.server()) {
      ready.lookUpServer(loops.next());
    }
    AdminInterface admin = null;
    if (config.admin() != null) {
      admin =
          AdminInterface.open(
              config,
              journal,
              function,
              lambda,
              sessions,
              server.refusals(),
              memory,
              loops,
              postgres.address(),
              callbackProof::toString);
      opened.push(admin.server());
    }
    description =
        StartupBanner.lines(
            config,
            sockets,
            lambda,
            postgres,
            trustedRoles,
            tls,
            admin == null ? null : admin.url());
    opened.push(sockets); // closed before the sessions end
    sockets.accept(ready);
    // Loading the SDK takes a second of a core, which the first clients need more.
    loops.schedule(lambda.warmUp(), WARM_UP_DELAY_MS, TimeUnit.MILLISECONDS);
  }

  private @Nullable ClientTls openTls() throws StartException {
    try {
      ClientTls tls = ClientTls.open(config);
      if (tls != null) {
        opened.push(tls);
      }
      return tls;
    } catch (TlsException e) {
      throw StartException.badUsage(String.valueOf(e.getMessage()), e);
    }
  }

  private @Nullable TokenVerifier openIam(EventLoopGroup loops, @Nullable ClientTls tls)
      throws StartException {
    IamAuthentication iam = config.iam();
    if (iam == null) {
      return null;
    }
    if (tls == null) {
      throw StartException.badUsage(
          "--iam-auth: clients cannot use TLS, without which there are no tokens"
              + " (expected: beside --tls-cert, or --tls-self-signed on)",
          null);
    }
    // Who develops need not wait for an instance's metadata that is not there.
    OwnAccessKey key = OwnAccessKey.in(AwsEnvironment.ofProcess(), loops, !iam.unverified());
    opened.push(key);
    return new TokenVerifier(iam, LambdaSource.PARTITIONS, key, Clock.systemUTC());
  }

  private @Nullable BackendTls openBackendTls(ServerAddress server) throws StartException {
    try {
      return server instanceof HostAndPort tcp ? BackendTls.open(config.backendSsl(), tcp) : null;
    } catch (TlsException e) {
      throw StartException.badUsage(String.valueOf(e.getMessage()), e);
    }
  }

  private ClientListener clientListener(
      PostgresSource postgres,
      CallbackSource calls,
      TrustedRoles trustedRoles,
      InvokeFunction function,
      CallbackServer server,
      @Nullable ClientTls tls,
      @Nullable TokenVerifier tokens)
      throws StartException {
    DirectCalls directCalls =
        new DirectCalls(config.callback().directCalls(), trustedRoles::condition, function);
    // The embedded server's extension has its keys already; superusers could read them anyway.
    TrustedRoles offeredTo =
        postgres.embedded() == null ? trustedRoles : TrustedRoles.of(List.of());
    return new ClientListener(
        new ClientListener.Wiring(
            new RelaySettings(
                postgres.address(),
                openBackendTls(postgres.address()),
                config.login(),
                config.limits().connectTimeout(),
                config.limits().startupTimeout(),
                config.limits().inspectBytes(),
                config.limits().keepalives(),
                memory),
            FileDescriptors.within(config.limits().clients()),
            config.balancers(),
            tls,
            tokens,
            sessions,
            new ExtensionInterceptor(
                new ExtensionInstaller(trustedRoles)::install,
                ExtensionInstaller::availableExtensions,
                directCalls.areServed()),
            calls.delivery(offeredTo),
            new CallbackDatabase(
                server, calls.encryption(), config.callback().allow(), callbackProof),
            localExecution(postgres, calls, directCalls),
            config.callback().parameter() ? calls.parameter() : null));
  }

  /** The embedded server's way to the proxy needs no proof. */
  private LocalExecution.Provider localExecution(
      PostgresSource postgres, CallbackSource calls, DirectCalls directCalls) {
    LocalExecution.Provider provider = DirectCallHandler.provider(directCalls);
    return postgres.embedded() == null
        ? new CallbackTrial(
            provider, directCalls, callbackProof, address(), calls.target(), System::nanoTime)
        : provider;
  }

  private ProxySessions sessionsOfCalls() {
    return new ProxySessions() {
      @Override
      public @Nullable CompletionStage<?> end(String token) {
        sessions.calledBack(token);
        return sessions.end(token);
      }

      @Override
      public CallOrigin origin(String token) {
        return CallOrigin.of(sessions.clientAddress(token));
      }
    };
  }

  /**
   * One for each processor. Netty's default of two takes more processor time for a transaction;
   * fewer take less, but fall behind as soon as others want the processors, too. Netty's own
   * setting comes first.
   */
  private static int eventLoops() {
    return Integer.getInteger("io.netty.eventLoopThreads", NettyRuntime.availableProcessors());
  }

  /** What is embedded, what is sample and what is real, and how to connect: lines for the user. */
  public List<String> description() {
    return description;
  }

  /** The user that people get of the embedded server; null if the server is not embedded. */
  public @Nullable String embeddedUser() {
    return embeddedUser;
  }

  /** The password of that user; null if none is needed. */
  public @Nullable String embeddedPassword() {
    return embeddedPassword;
  }

  /** Where clients connect. */
  public InetSocketAddress address() {
    return Objects.requireNonNull(listening).address();
  }

  /** How many clients are connected, those whose session is not ready yet among them. */
  public int sessions() {
    return sessions.size();
  }

  /** The calls that were made through this proxy. */
  public Journal journal() {
    return journal;
  }

  /**
   * Takes no more clients, lets what runs in the sessions end, for as long as the configured grace,
   * and ends each then. PostgreSQL's calls to the proxy are still served. Blocks.
   */
  public void drain() throws InterruptedException {
    Duration grace = config.limits().shutdownGrace();
    if (callback != null && !grace.isZero()) {
      long begin = System.nanoTime();
      sessions.drain(grace);
      callback.awaitCalls(grace.minusNanos(System.nanoTime() - begin));
    }
  }

  /** Ends what is left of the sessions, and everything else. */
  @Override
  public void close() {
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        log.warn("while stopping", e);
      }
    }
  }
}
