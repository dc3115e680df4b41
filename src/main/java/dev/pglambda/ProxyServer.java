package dev.pglambda;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.callback.CallbackParameter;
import dev.pglambda.callback.CallbackSecret;
import dev.pglambda.callback.CallbackServer;
import dev.pglambda.config.Config;
import dev.pglambda.config.HostAndPort;
import dev.pglambda.config.Secret;
import dev.pglambda.embedded.EmbeddedPostgres;
import dev.pglambda.embedded.EmbeddedPostgres.ExtensionFile;
import dev.pglambda.embedded.EmbeddedPostgresException;
import dev.pglambda.embedded.SampleFunctions;
import dev.pglambda.extension.CallbackSettings;
import dev.pglambda.extension.ExtensionFiles;
import dev.pglambda.extension.ExtensionInstaller;
import dev.pglambda.intercept.ExtensionInterceptor;
import dev.pglambda.lambda.AwsEnvironment;
import dev.pglambda.lambda.AwsLambdaInvoker;
import dev.pglambda.lambda.InvokeFunction;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import dev.pglambda.relay.Relay;
import dev.pglambda.relay.RelaySettings;
import dev.pglambda.relay.ReservedDatabase;
import dev.pglambda.relay.Sessions;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
  /** Database of the embedded server. */
  static final String EMBEDDED_DATABASE = "postgres";

  private static final Logger log = LoggerFactory.getLogger(ProxyServer.class);
  private static final long CLOSE_MS = 3_000;
  private static final String SECRET_FILE = "callback-secret";

  /** The parameters of RDS's parameter group; values as text. */
  private static final Map<String, String> LAMBDA_PARAMETERS =
      Map.of(
          "aws_lambda.connect_timeout_ms", "1000",
          "aws_lambda.request_timeout_ms", "3000",
          "aws_lambda.endpoint_override", "");

  private final Config config;
  private final Consumer<String> progress;

  /** What is to be closed, the last opened first. */
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  private final List<String> description = new ArrayList<>();
  private volatile @Nullable Relay relay;
  private @Nullable Channel listener;
  private @Nullable String embeddedUser;

  private ProxyServer(Config config, Consumer<String> progress) {
    this.config = config;
    this.progress = progress;
  }

  /**
   * Starts a proxy and returns when it accepts clients.
   *
   * @param progress receives one line before each step that takes a while; any thread
   * @throws StartException if it cannot start; nothing is left running then
   * @throws InterruptedException if the thread was interrupted; nothing is left running then
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
    EventLoopGroup loops = new NioEventLoopGroup(0, new DefaultThreadFactory("pglambda"));
    opened.push(
        () -> loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(CLOSE_MS));
    // Bound first, so that a port in use is found at once; clients wait in the backlog until all is
    // up.
    Channel bound = bind(loops);
    InvokeFunction function = lambda(loops);
    HostAndPort backend = backend();
    CallbackSecret secret = secret();
    Sessions sessions = new Sessions();
    opened.push(sessions::terminateAll);
    CallbackServer callback = new CallbackServer(secret, function::call, sessions::end);
    int port = Objects.requireNonNullElse(config.callback().port(), address().getPort());
    ExtensionInstaller installer =
        new ExtensionInstaller(
            CallbackSettings.of(
                config.callback().host(),
                port,
                secret.linkPassword(),
                secret.innerKeyPad(),
                secret.outerKeyPad()));
    Relay ready =
        new Relay(
            new RelaySettings(
                backend.host(),
                backend.port(),
                config.limits().connectTimeout(),
                config.limits().startupTimeout(),
                config.limits().inspectBytes()),
            sessions,
            new ExtensionInterceptor(installer::install, installer::installAndStoreSettings),
            new CallbackDatabase(callback),
            config.callback().parameter() ? token -> parameter(token, port, secret) : null);
    opened.push(ready);
    relay = ready;
    bound.config().setAutoRead(true);
  }

  private String parameter(String session, int port, CallbackSecret secret) {
    return new CallbackParameter(
            Objects.requireNonNullElse(config.callback().host(), ""), port, session)
        .signedWith(secret);
  }

  private Channel bind(EventLoopGroup loops) throws StartException, InterruptedException {
    HostAndPort listen = config.listen();
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.AUTO_READ, false)
            .option(ChannelOption.SO_REUSEADDR, true)
            .option(ChannelOption.SO_BACKLOG, 1024)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel client) {
                    client.pipeline().addLast(Objects.requireNonNull(relay));
                  }
                });
    InetSocketAddress address =
        listen.host().isEmpty()
            ? new InetSocketAddress(listen.port())
            : new InetSocketAddress(listen.host(), listen.port());
    ChannelFuture binding = bootstrap.bind(address).await();
    Throwable failure = binding.cause();
    if (failure != null) {
      throw new StartException(
          "--listen %s: %s (expected: an address of this machine and a free port)"
              .formatted(listen, failure.getMessage()),
          failure);
    }
    Channel channel = binding.channel();
    listener = channel;
    opened.push(() -> channel.close().awaitUninterruptibly(CLOSE_MS));
    return channel;
  }

  private InvokeFunction lambda(EventLoopGroup loops) {
    AwsEnvironment environment = AwsEnvironment.ofProcess();
    Config.Lambda lambda = config.lambda();
    String region = environment.ownRegion(lambda.region());
    String found =
        lambda.endpoint() == null ? environment.configuration() : "endpoint " + lambda.endpoint();
    boolean sample =
        switch (lambda.sampleFunctions()) {
          case ON -> true;
          case OFF -> false;
          case AUTO -> found == null;
        };
    LambdaInvoker invoker = sample ? sampleFunctions(loops) : aws(loops, environment, region);
    opened.push(invoker);
    if (!sample) {
      describe(
          "Lambda",
          "real: %s, region %s".formatted(found == null ? "AWS, default settings" : found, region));
    }
    return new InvokeFunction(invoker, region);
  }

  private LambdaInvoker sampleFunctions(EventLoopGroup loops) {
    SampleFunctions functions = new SampleFunctions(loops);
    describe(
        "Lambda",
        "sample functions inside the proxy, "
            + (config.lambda().sampleFunctions() == dev.pglambda.config.SampleFunctions.ON
                ? "as asked for by --sample-functions"
                : "because neither --lambda-endpoint nor AWS settings were found"));
    functions
        .descriptions()
        .forEach((name, what) -> describe("", "  %-16s %s".formatted(name, what)));
    return functions;
  }

  private LambdaInvoker aws(EventLoopGroup loops, AwsEnvironment environment, String region) {
    Config.Lambda lambda = config.lambda();
    AwsLambdaInvoker aws =
        new AwsLambdaInvoker(
            loops,
            new AwsLambdaInvoker.Settings(
                lambda.endpoint(),
                lambda.roleArn(),
                lambda.retries(),
                lambda.maxConcurrentInvocations()),
            environment,
            region);
    aws.warmUp();
    return aws;
  }

  private HostAndPort backend() throws StartException, InterruptedException {
    HostAndPort named = config.backend();
    if (named != null) {
      describe("PostgreSQL", "real: " + named);
      return named;
    }
    try {
      EmbeddedPostgres postgres =
          EmbeddedPostgres.start(
              new EmbeddedPostgres.Settings(
                  config.dataDirectory(), 0, extensionFiles(), LAMBDA_PARAMETERS),
              progress);
      opened.push(postgres);
      embeddedUser = postgres.user();
      describe(
          "PostgreSQL",
          "embedded: version %d on %s:%d, without passwords, data in %s"
              .formatted(
                  postgres.majorVersion(),
                  postgres.host(),
                  postgres.port(),
                  config.dataDirectory().toAbsolutePath()));
      postgres
          .onExit()
          .thenAccept(code -> log.error("embedded PostgreSQL ended by itself (code {})", code));
      return new HostAndPort(postgres.host(), postgres.port());
    } catch (EmbeddedPostgresException e) {
      throw new StartException(String.valueOf(e.getMessage()), e);
    }
  }

  private static List<ExtensionFile> extensionFiles() {
    return ExtensionFiles.all().entrySet().stream()
        .map(file -> new ExtensionFile(file.getKey(), new String(file.getValue(), UTF_8)))
        .toList();
  }

  private CallbackSecret secret() throws StartException {
    Secret configured = config.callback().secret();
    if (configured != null) {
      return CallbackSecret.of(configured.octets());
    }
    try {
      return CallbackSecret.loadOrCreate(config.dataDirectory().resolve(SECRET_FILE));
    } catch (IOException e) {
      throw new StartException(
          "--data-dir %s: %s (expected: a directory that can keep the callback secret, or set --callback-secret)"
              .formatted(config.dataDirectory(), e.getMessage()),
          e);
    }
  }

  private void describe(String subject, String text) {
    description.add("  %-11s %s".formatted(subject, text));
  }

  /** What is embedded, what is sample and what is real, and how to connect: lines for the user. */
  public List<String> description() {
    String host = config.listen().host();
    List<String> lines = new ArrayList<>();
    lines.add("pg-lambda-proxy listens on " + new HostAndPort(host, address().getPort()));
    lines.addAll(description);
    lines.add("Connect with");
    lines.add(
        "  psql -h %s -p %d %s"
            .formatted(
                host.isEmpty() || host.equals("0.0.0.0") || host.equals("::") ? "127.0.0.1" : host,
                address().getPort(),
                embeddedUser == null
                    ? "-U <user> <database>"
                    : "-U " + embeddedUser + " " + EMBEDDED_DATABASE));
    return lines;
  }

  /**
   * The superuser of the embedded server, who needs no password.
   *
   * @return null if the server is not embedded
   */
  public @Nullable String embeddedUser() {
    return embeddedUser;
  }

  /** Where clients connect. */
  public InetSocketAddress address() {
    return (InetSocketAddress) Objects.requireNonNull(listener).localAddress();
  }

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

  /** Hands the reserved user's connections to the callback server. */
  private record CallbackDatabase(CallbackServer server) implements ReservedDatabase {
    @Override
    public boolean claims(StartupMessage startup) {
      return CallbackServer.isCallback(startup.parameters());
    }

    @Override
    public void accept(Channel channel, StartupMessage startup) {
      server.accept(channel, startup.minorVersion(), startup.parameters());
    }
  }
}
