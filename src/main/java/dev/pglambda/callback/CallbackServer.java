package dev.pglambda.callback;

import dev.pglambda.callback.Installations.Installation;
import dev.pglambda.lambda.CallEvaluator;
import dev.pglambda.protocol.BackendMessage.NegotiateProtocolVersion;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.protocol.StartupPacket;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Serves the connections that the server's functions open to the proxy's own port
 * (docs/development/callback-protocol.md, "The callback protocol"). Safe for use by several event
 * loops.
 */
public final class CallbackServer implements AutoCloseable {
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

  private final Installations installations;
  private final CallEvaluator function;
  private final ClientSessions sessions;
  private final CallsInProgress calls = new CallsInProgress();

  /** One for each link that may be authenticated. */
  private final Semaphore places;

  private final CallbackLimits limits;
  private final ChannelGroup links = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);

  /**
   * @param secret gives the link passwords and checks the proofs
   * @param function makes the calls
   * @param sessions is asked at each call of a session, before it is made
   * @param limits sizes and times
   */
  public CallbackServer(
      CallbackSecret secret,
      CallEvaluator function,
      ProxySessions sessions,
      CallbackLimits limits) {
    this.installations = new Installations(secret);
    this.function = function;
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
   * @param protocolMinor minor version asked for, with major version 3
   * @param startupParameters parameters of the StartupMessage
   * @param admitted runs, on the channel's event loop, when the password is proved
   */
  public void accept(
      Channel channel,
      int protocolMinor,
      Map<String, String> startupParameters,
      Runnable admitted) {
    String asked = startupParameters.getOrDefault(CLIENT_ENCODING, LinkEncoding.UTF8.name());
    LinkEncoding encoding = LinkEncoding.named(asked);
    Link link =
        new Link(
            channel,
            limits.memory(),
            made -> firstPhase(made, databaseOf(startupParameters), encoding, admitted));
    negotiate(link, protocolMinor, startupParameters);
    channel.pipeline().addLast(link);
    links.add(channel);
  }

  /**
   * Waits until no call is in progress, which can be of a session that is not this proxy's. Blocks.
   *
   * @param longest longest wait
   */
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
  }

  private LinkPhase firstPhase(
      Link link, String database, @Nullable LinkEncoding encoding, Runnable admitted) {
    if (encoding == null) {
      return new RefusingPhase(link, LinkEncoding.INVALID);
    }
    if (!database.startsWith(DATABASE_PREFIX)) {
      return new RefusingPhase(link, EARLIER_VERSION);
    }
    Installation installation = installations.named(database.substring(DATABASE_PREFIX.length()));
    if (installation == null) {
      return new RefusingPhase(link, AuthenticationPhase.WRONG_PASSWORD);
    }
    LinkPhase requests =
        new RequestPhase(
            link, installation.keys(), limits, function, sessions, calls, places, encoding);
    return new AuthenticationPhase(
        link, installation.credentials(), limits.authenticationTimeout(), requests, admitted);
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
