package dev.pglambda.callback;

import dev.pglambda.journal.Journal;
import dev.pglambda.lambda.CallEvaluator;
import dev.pglambda.protocol.BackendMessage.NegotiateProtocolVersion;
import dev.pglambda.protocol.MessageReader;
import dev.pglambda.protocol.RawMessage;
import dev.pglambda.protocol.RefusalCounts;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.protocol.auth.ChannelBinding;
import dev.pglambda.protocol.auth.ScramCredentials;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the connections that the server's functions open to the proxy's own port
 * (docs/development/callback-protocol.md, "The callback protocol"). Safe for use by several event
 * loops.
 */
public final class CallbackServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CallbackServer.class);

  /** The user of a StartupMessage that asks for a callback link. */
  public static final String USER = "pglambda";

  /** How the database of a StartupMessage begins that asks for a callback link. */
  private static final String DATABASE_PREFIX = "pglambda_";

  /** The database that installations of earlier versions ask for. */
  private static final String EARLIER_DATABASE = "pglambda";

  private static final Pattern DATABASE = Pattern.compile(DATABASE_PREFIX + "[0-9a-f]{32}");
  private static final SqlError EARLIER_VERSION =
      new SqlError(
          SqlState.FEATURE_NOT_SUPPORTED,
          "aws_lambda in this database was installed by an earlier version of pg-lambda-proxy",
          null,
          "Run ALTER EXTENSION aws_lambda UPDATE through the proxy, as its owner or a superuser.");

  private static final String CLIENT_ENCODING = "client_encoding";
  private static final String PROTOCOL_OPTION_PREFIX = "_pq_.";
  private static final long CLOSE_SECONDS = 2;
  private static final long THREAD_SECONDS = 30;

  /** Fewer would do: those of the databases that call through one proxy. */
  private static final int MOST_INSTALLATIONS = 1000;

  private final CallbackSecret secret;

  /**
   * Computed when an installation's first link comes and kept for the next ones, so that who
   * connects again and again does not have the iterations of SCRAM done each time. Nobody but the
   * secret makes installations, so nobody else can have them done either. Guarded by itself.
   */
  private final Map<String, Installation> installations =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Installation> eldest) {
          return size() > MOST_INSTALLATIONS;
        }
      };

  private final CallEvaluator function;
  private final RecordedInvocations recorded;
  private final ExecutorService pages;
  private final ClientSessions sessions;
  private final CallsInProgress calls = new CallsInProgress();

  /** One for each link that may be authenticated. */
  private final Semaphore places;

  private final CallbackLimits limits;
  private final RefusalCounts refusals = new RefusalCounts();
  private final FailedLogins failures = new FailedLogins(System::nanoTime);
  private final ChannelGroup links = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);

  /**
   * @param journal what installations are told of, each of its own calls
   * @param sessions are asked at each call of one, before it is made
   */
  public CallbackServer(
      CallbackSecret secret,
      CallEvaluator function,
      Journal journal,
      ProxySessions sessions,
      CallbackLimits limits) {
    // What waits is bounded by the links, each of which waits for one page.
    this(
        secret,
        function,
        journal,
        sessions,
        limits,
        new ThreadPoolExecutor(
            0,
            1,
            THREAD_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            new DefaultThreadFactory("recorded-invocations", true)));
  }

  CallbackServer(
      CallbackSecret secret,
      CallEvaluator function,
      Journal journal,
      ProxySessions sessions,
      CallbackLimits limits,
      ExecutorService pages) {
    this.secret = secret;
    this.function = function;
    this.recorded = new RecordedInvocations(journal, pages);
    this.pages = pages;
    this.sessions = new ClientSessions(sessions);
    this.limits = limits;
    this.places = new Semaphore(limits.maxLinks());
  }

  /** Whether a StartupMessage with these parameters is for {@link #accept}. */
  public static boolean isCallback(Map<String, String> startupParameters) {
    String database = databaseOf(startupParameters);
    return USER.equals(startupParameters.get("user"))
        && (EARLIER_DATABASE.equals(database) || DATABASE.matcher(database).matches());
  }

  /** A database not named is the user's (manual, "StartupMessage"). */
  private static String databaseOf(Map<String, String> startupParameters) {
    return startupParameters.getOrDefault("database", USER);
  }

  /**
   * Takes over a channel whose StartupMessage was read: adds a handler at the end of its pipeline,
   * which starts with authentication. What follows the StartupMessage must reach that handler as
   * {@link ByteBuf}s by {@code channelRead}; it is taken over with them. The channel's reading is
   * switched on and off from here on. Call it on the channel's event loop.
   *
   * @param binding of this connection
   * @param admitted runs on the event loop when the password is proved
   */
  public void accept(
      Channel channel,
      int protocolMinor,
      Map<String, String> startupParameters,
      ChannelBinding binding,
      Runnable admitted) {
    String asked = startupParameters.getOrDefault(CLIENT_ENCODING, LinkEncoding.UTF8.name());
    LinkEncoding encoding = LinkEncoding.named(asked);
    Link link =
        new Link(
            channel,
            limits.memory(),
            refusals,
            made -> firstPhase(made, databaseOf(startupParameters), encoding, binding, admitted));
    negotiate(link, protocolMinor, startupParameters);
    channel.pipeline().addLast(link);
    links.add(channel);
  }

  /** Of links that were refused before they could call. */
  public RefusalCounts refusals() {
    return refusals;
  }

  /** Waits until no call is in progress, also of a session that is not this proxy's. Blocks. */
  public void awaitCalls(Duration longest) throws InterruptedException {
    calls.awaitNone(longest);
  }

  /**
   * Ends all links with FATAL 57P01, and so the calls in progress, whose outcome is then unknown.
   * Waits, a short time, until they are gone. Blocks.
   */
  @Override
  public void close() {
    for (Channel channel : links) {
      Link link = channel.pipeline().get(Link.class);
      if (link != null) {
        link.shutDown();
      }
    }
    links.newCloseFuture().awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
    pages.shutdown();
  }

  private LinkPhase firstPhase(
      Link link,
      String database,
      @Nullable LinkEncoding encoding,
      ChannelBinding binding,
      Runnable admitted) {
    if (encoding == null) {
      return new RefusingPhase(link, LinkEncoding.INVALID, null);
    }
    if (!database.startsWith(DATABASE_PREFIX)) {
      return new RefusingPhase(link, EARLIER_VERSION, null);
    }
    String name = database.substring(DATABASE_PREFIX.length());
    if (!secret.isInstallation(name)) {
      return new RefusingPhase(link, AuthenticationPhase.WRONG_PASSWORD, failures);
    }
    Installation installation = installation(name);
    LinkPhase requests =
        new RequestPhase(
            link,
            name,
            installation.keys(),
            limits,
            function,
            recorded,
            sessions,
            calls,
            places,
            encoding);
    return new AuthenticationPhase(
        link,
        installation.credentials(),
        binding,
        failures,
        limits.authenticationTimeout(),
        requests,
        () -> {
          admitted.run();
          if (binding == ChannelBinding.UNENCRYPTED) {
            installation.warnOfPlainLink(link);
          }
        });
  }

  private Installation installation(String name) {
    synchronized (installations) {
      return installations.computeIfAbsent(name, known -> Installation.of(secret.keys(known)));
    }
  }

  /** What links of an installation need: its keys, and what SCRAM makes of its password. */
  private record Installation(
      InstallationKeys keys, ScramCredentials credentials, AtomicBoolean warned) {
    static Installation of(InstallationKeys keys) {
      return new Installation(
          keys, new ScramCredentials(keys.linkPassword(), keys.salt()), new AtomicBoolean());
    }

    /** Once, that its links could have TLS. */
    void warnOfPlainLink(Link link) {
      if (warned.compareAndSet(false, true)) {
        log.warn(
            "{} calls without TLS: run ALTER EXTENSION aws_lambda UPDATE through the proxy in its"
                + " database; if PostgreSQL was built without SSL, --callback-tls disable ends this"
                + " warning",
            link.peer());
      }
    }
  }

  /**
   * Answers FATAL before any work is done.
   *
   * @param failures null: who connects has not failed to prove anything
   */
  private record RefusingPhase(
      Link link, SqlError error, @Nullable FailedLogins failures, MessageReader reader)
      implements LinkPhase {
    RefusingPhase(Link link, SqlError error, @Nullable FailedLogins failures) {
      this(link, error, failures, MessageReader.refusing(0, link.memory()));
    }

    @Override
    public void begin() {
      if (failures == null) {
        link.fail(error);
      } else {
        Future<?> unused = failures.refuse(link, error);
      }
    }

    @Override
    public void receive(RawMessage message) {}
  }

  /** Says what we do not speak (manual, "NegotiateProtocolVersion"); the client decides. */
  private static void negotiate(
      Link link, int protocolMinor, Map<String, String> startupParameters) {
    List<String> unknown =
        startupParameters.keySet().stream()
            .filter(name -> name.startsWith(PROTOCOL_OPTION_PREFIX))
            .sorted()
            .toList();
    if (protocolMinor > 0 || !unknown.isEmpty()) {
      link.send(new NegotiateProtocolVersion(StartupPacket.PROTOCOL_3_0, unknown));
    }
  }
}
