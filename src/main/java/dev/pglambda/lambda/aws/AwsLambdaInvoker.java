package dev.pglambda.lambda.aws;

import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeErrors;
import dev.pglambda.lambda.InvokeFunction;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.limits.MemoryExhaustedException;
import io.netty.channel.EventLoopGroup;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.services.lambda.LambdaAsyncClient;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;

/**
 * Invokes functions through the AWS SDK: in AWS, or at an endpoint that speaks its API. Requests
 * are prepared on threads of their own (to build a client takes a second, to sign a large payload
 * some milliseconds), credentials are resolved on another, and the network is read and written on
 * the event loops it is given. Safe for use by many threads.
 */
public final class AwsLambdaInvoker implements LambdaInvoker {
  private static final Logger log = LoggerFactory.getLogger(AwsLambdaInvoker.class);

  /** SQL users choose region and connect time-out, so there must be an end to the clients. */
  private static final int MOST_IDLE_CLIENTS = 16;

  /** Bytes that are signed in some ten microseconds. */
  private static final int SMALL_PAYLOAD = 8 << 10;

  private final InvokerResources resources;
  private final LambdaClients factory;
  private final String ownRegion;
  private final CredentialsCache credentials;
  private final ClientCache<LambdaClients.Key, LambdaAsyncClient> clients;

  /** Gives back what is not this invoker's alone. */
  private final Runnable end;

  private final Set<LambdaCall> calls = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Whether a request has been answered, so that all of the SDK's classes are there. */
  private volatile boolean loaded;

  /**
   * How to reach Lambda.
   *
   * @param endpoint where to send everything; null for the SDK's own settings ({@code
   *     AWS_ENDPOINT_URL_LAMBDA} and its relatives), else AWS
   * @param profile in AWS's shared files, whose credentials and settings count before all others;
   *     null: what the environment says
   * @param roleArn role to assume first, or null
   * @param retries how often a request that failed on its way or was refused for now is sent again;
   *     0 for never. More than 0 may run a function more than once.
   * @param maxConcurrentInvocations most requests at a time; further ones wait within their request
   *     time-out
   */
  public record InvokerSettings(
      @Nullable URI endpoint,
      @Nullable String profile,
      @Nullable String roleArn,
      int retries,
      int maxConcurrentInvocations) {

    /** Without a profile of its own. */
    public InvokerSettings(
        @Nullable URI endpoint,
        @Nullable String roleArn,
        int retries,
        int maxConcurrentInvocations) {
      this(endpoint, null, roleArn, retries, maxConcurrentInvocations);
    }
  }

  /**
   * Sends nothing and builds nothing yet. The event loops, of the NIO transport, carry the
   * connections to Lambda and are not shut down by this class. The region is warmed up, and is that
   * of STS.
   */
  public static AwsLambdaInvoker of(
      EventLoopGroup group,
      InvokerSettings settings,
      AwsEnvironment environment,
      String ownRegion) {
    EndpointInvokers alone = new EndpointInvokers(group, settings, environment, ownRegion);
    return alone.open(settings, ownRegion, false, alone::close);
  }

  /** A foreign endpoint is one that is not AWS's own. */
  AwsLambdaInvoker(
      InvokerResources resources,
      InvokerSettings settings,
      boolean foreignEndpoint,
      Network network,
      CredentialsCache credentials,
      String ownRegion,
      Runnable end) {
    this.resources = resources;
    this.factory = new LambdaClients(resources.group(), settings, foreignEndpoint, network);
    this.ownRegion = ownRegion;
    this.credentials = credentials;
    this.clients = new ClientCache<>(MOST_IDLE_CLIENTS, factory::build, resources.closers());
    this.end = end;
  }

  /** Says how much the replies may take that are being read, by all that share its resources. */
  public void limitReplies(MemoryBudget budget) {
    resources.limitReplies(budget);
  }

  /**
   * Loads the SDK in the background: credentials, the client for the own region and the default
   * connect time-out, and by a {@link SdkWarmUp} all else. Sends no request to Lambda; what fails
   * here fails again, and is told, when a function is invoked.
   */
  public void warmUp() {
    resources.senders().execute(this::loadSdk);
    var unused =
        credentials
            .current()
            .whenComplete(
                (found, failure) -> {
                  SignInException signIn = TransportException.find(failure, SignInException.class);
                  if (signIn != null) {
                    log.warn("No AWS credentials: {}", signIn.getMessage());
                  } else if (failure != null) {
                    log.debug("Could not get AWS credentials", failure);
                  }
                });
  }

  private void loadSdk() {
    LambdaClients.Key key =
        new LambdaClients.Key(ownRegion, InvokeFunction.DEFAULT_CONNECT_TIMEOUT);
    try (var lease = clients.lease(key)) {
      log.debug("Built {}", lease.client());
      if (!loaded) {
        SdkWarmUp.run(resources.group(), endpoint -> factory.build(key, endpoint));
        loaded = true;
        if (factory.usesTls()) {
          SdkWarmUp.beginTls();
        }
      }
    } catch (RuntimeException | GeneralSecurityException | SSLException failure) {
      log.debug("Could not load the SDK for {}", ownRegion, failure);
    }
  }

  @Override
  public CompletableFuture<InvocationResult> invoke(Invocation invocation) {
    LambdaCall call = new LambdaCall(invocation);
    calls.add(call);
    var unused = call.result.whenComplete((result, failure) -> calls.remove(call));
    if (closed.get()) {
      call.fail(InvokeErrors.shutDown());
    } else {
      call.start();
    }
    return call.result;
  }

  /**
   * Ends the calls in progress. Blocks, for at most two seconds, until the clients are closed; not
   * at all if others share the threads that close them.
   */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    for (LambdaCall call : calls) {
      call.fail(InvokeErrors.shutDown());
    }
    clients.close();
    end.run();
  }

  /** One invocation on its way: its turn, credentials, request, answer. */
  private final class LambdaCall {
    private final Invocation invocation;
    private final long startedAt = System.nanoTime();

    /** For its turn. */
    private volatile Duration waited = Duration.ZERO;

    /** Completes if the call had to wait for its turn, which comes. */
    private final CompletableFuture<Void> turn = new CompletableFuture<>();

    private final CompletableFuture<InvocationResult> result = new CompletableFuture<>();
    private final MemoryAccount account = resources.memory().open();

    LambdaCall(Invocation invocation) {
      this.invocation = invocation;
    }

    void start() {
      ConcurrencyLimit.Place place = resources.limit().enter(this::startLater);
      var unusedEnd = result.whenComplete((done, failure) -> place.leave());
      if (place.isFree()) {
        prepare();
        return;
      }
      var timeout =
          resources
              .group()
              .schedule(
                  () -> fail(InvokeErrors.timedOutBeforeItsTurn(resources.limit().most())),
                  invocation.requestTimeout().toNanos(),
                  TimeUnit.NANOSECONDS);
      var unusedTurn = turn.whenComplete((comes, failure) -> timeout.cancel(false));
      var unusedTimeout = result.whenComplete((done, failure) -> timeout.cancel(false));
    }

    /** On a thread that has other things to do, which may be one call's end after the other. */
    private void startLater() {
      waited = Duration.ofNanos(System.nanoTime() - startedAt);
      turn.complete(null);
      try {
        resources.senders().execute(this::prepare);
      } catch (RejectedExecutionException stopping) {
        fail(InvokeErrors.shutDown());
      }
    }

    private void prepare() {
      if (closed.get()) {
        fail(InvokeErrors.shutDown()); // a place came free just now
        return;
      }
      try {
        CompletableFuture<AwsCredentials> found = credentials.current();
        if (isQuick(found)) {
          send(found.join());
          return;
        }
        if (!found.isDone()) {
          found.orTimeout(left().toNanos(), TimeUnit.NANOSECONDS);
        }
        var unused =
            found.whenCompleteAsync(
                (value, failure) -> {
                  if (failure != null) {
                    fail(SdkErrors.ofCredentials(failure));
                  } else {
                    send(value);
                  }
                },
                resources.senders());
      } catch (RejectedExecutionException stopping) {
        fail(InvokeErrors.shutDown());
      }
    }

    /** Of the request time-out. */
    private Duration left() {
      return invocation.requestTimeout().minusNanos(System.nanoTime() - startedAt);
    }

    /** Whether to send takes so little that the caller's thread, an event loop, may do it. */
    private boolean isQuick(CompletableFuture<AwsCredentials> found) {
      return loaded
          && found.isDone()
          && !found.isCompletedExceptionally()
          && invocation.payload().remaining() <= SMALL_PAYLOAD
          && clients.isBuilt(key());
    }

    private LambdaClients.Key key() {
      return new LambdaClients.Key(invocation.region(), invocation.connectTimeout());
    }

    private void send(AwsCredentials identity) {
      if (result.isDone()) {
        return;
      }
      // Waiting for its turn and for credentials counts as part of the call; building a client does
      // not.
      Duration left = left();
      var lease = clients.lease(key());
      try {
        CompletableFuture<InvokeResponse> response =
            lease.client().invoke(InvokeMapper.request(invocation, identity, left, account));
        var unusedEnd = result.whenComplete((done, failure) -> response.cancel(true));
        var unusedAnswer =
            response.whenComplete(
                (answer, failure) -> {
                  lease.close();
                  answered(answer, failure);
                });
      } catch (RuntimeException failure) {
        lease.close();
        fail(SdkErrors.ofRequest(failure));
      }
    }

    /** Who waits for the result has reserved its bytes when {@code complete} returns. */
    private void answered(@Nullable InvokeResponse answer, @Nullable Throwable failure) {
      try (account) {
        MemoryExhaustedException exhausted =
            TransportException.find(failure, MemoryExhaustedException.class);
        if (exhausted != null) {
          result.completeExceptionally(exhausted);
        } else if (failure != null) {
          fail(SdkErrors.ofRequest(failure));
        } else if (answer != null) {
          loaded = true;
          result.complete(InvokeMapper.result(answer).withQueued(waited));
        }
      }
    }

    private void fail(InvocationException failure) {
      result.completeExceptionally(failure);
    }
  }
}
