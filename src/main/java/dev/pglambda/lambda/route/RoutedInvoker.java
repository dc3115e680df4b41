package dev.pglambda.lambda.route;

import dev.pglambda.lambda.FunctionReference;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeErrors;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.RouteState;
import dev.pglambda.lambda.ServiceErrors;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Sends each call where the first route that matches it leads. Routes can be replaced while calls
 * are in progress: those end where they began. Safe for use by many threads.
 */
public final class RoutedInvoker implements LambdaInvoker {
  /** How long a route that is no more may take to end its calls and to run its Events. */
  private static final long LONGEST_END_MINUTES = 15;

  private final TargetInvokers targets;
  private final @Nullable LambdaInvoker others;
  private final Permissions permissions;
  private final BiFunction<LambdaInvoker, List<Fault>, LambdaInvoker> faults;

  /** Held while routes are replaced, never while a call is made. */
  private final ReentrantLock change = new ReentrantLock();

  private volatile Map<Route, OpenRoute> table = Map.of();

  /** Those in the table, and those before it that still have calls. */
  private final Set<OpenRoute> open = ConcurrentHashMap.newKeySet();

  private volatile boolean closed;

  /**
   * @param others where calls go that no route matches; closed with this. Null: such a call fails
   * @param permissions asked before each call
   * @param faults puts faults, of which there is one at least, before an invoker, and closes it
   *     when it is closed itself
   */
  public RoutedInvoker(
      TargetInvokers targets,
      @Nullable LambdaInvoker others,
      Permissions permissions,
      BiFunction<LambdaInvoker, List<Fault>, LambdaInvoker> faults) {
    this.targets = targets;
    this.others = others;
    this.permissions = permissions;
    this.faults = faults;
  }

  /**
   * Follows these routes from the next call on. A route that was there before keeps its invoker;
   * one that is there no more is closed, on a thread of its own, when its last call has ended and
   * no Event waits to run.
   */
  public void replace(List<Route> routes) {
    change.lock();
    try {
      if (closed) {
        return;
      }
      Map<Route, OpenRoute> before = table;
      Map<Route, OpenRoute> after = new LinkedHashMap<>();
      for (Route route : routes) {
        OpenRoute there = before.get(route);
        after.computeIfAbsent(route, added -> there == null ? new OpenRoute(added) : there);
      }
      table = after;
      before.values().stream()
          .filter(each -> !after.containsValue(each))
          .forEach(OpenRoute::retire);
    } finally {
      change.unlock();
    }
  }

  @Override
  public CompletableFuture<InvocationResult> invoke(Invocation invocation) {
    FunctionReference function;
    try {
      function = FunctionReference.of(invocation);
    } catch (InvocationException malformed) {
      return CompletableFuture.failedFuture(malformed);
    }
    while (true) {
      if (closed) {
        return CompletableFuture.failedFuture(InvokeErrors.shutDown());
      }
      Map<Route, OpenRoute> routes = table;
      OpenRoute found = first(routes, function);
      InvocationException refusal =
          permissions.refusal(function, found == null ? null : found.route.role());
      if (refusal != null) {
        return CompletableFuture.failedFuture(refusal);
      }
      if (found == null) {
        return others == null
            ? CompletableFuture.failedFuture(
                ServiceErrors.notFound(function, nearest(routes.keySet(), function)))
            : others.invoke(invocation);
      }
      if (found.enter()) {
        return found.invoke(invocation);
      }
      // The routes have been replaced since they were read.
    }
  }

  @Override
  public @Nullable String route(Invocation invocation) {
    try {
      OpenRoute found = first(table, FunctionReference.of(invocation));
      return found == null ? null : found.route.pattern().toString();
    } catch (InvocationException malformed) {
      return null;
    }
  }

  @Override
  public List<RouteState> routes() {
    return table.values().stream().map(OpenRoute::state).toList();
  }

  private static @Nullable OpenRoute first(
      Map<Route, OpenRoute> routes, FunctionReference function) {
    for (OpenRoute each : routes.values()) {
      if (each.route.pattern().matches(function)) {
        return each;
      }
    }
    return null;
  }

  /** The route that a user may have meant, and why it was not followed. */
  private static String nearest(Set<Route> routes, FunctionReference function) {
    return routes.stream()
        .map(Route::pattern)
        .min(Comparator.comparingInt(pattern -> pattern.distance(function.name())))
        .map(
            pattern ->
                "The nearest route is \"%s\": %s.".formatted(pattern, pattern.mismatch(function)))
        .orElse("There are no routes.");
  }

  /** Ends all calls in progress, and closes what calls go to. May block for a short time. */
  @Override
  public void close() {
    change.lock();
    try {
      closed = true;
      table = Map.of();
    } finally {
      change.unlock();
    }
    open.forEach(OpenRoute::close);
    if (others != null) {
      others.close();
    }
  }

  /** A route and what runs its calls, until there is neither a route nor a call any more. */
  private final class OpenRoute {
    private final Route route;
    private final LambdaInvoker invoker;

    /** The table, and each call in progress. */
    private final AtomicInteger users = new AtomicInteger(1);

    private final CompletableFuture<Void> idle = new CompletableFuture<>();
    private final AtomicBoolean ended = new AtomicBoolean();

    OpenRoute(Route route) {
      LambdaInvoker target = targets.open(route.target());
      this.route = route;
      this.invoker = route.faults().isEmpty() ? target : faults.apply(target, route.faults());
      open.add(this);
    }

    /** Whether the route is still there; if so, {@link #leave()} follows. */
    boolean enter() {
      return users.getAndUpdate(count -> count == 0 ? 0 : count + 1) > 0;
    }

    CompletableFuture<InvocationResult> invoke(Invocation invocation) {
      CompletableFuture<InvocationResult> result = invoker.invoke(invocation);
      var unusedEnd = result.whenComplete((done, failure) -> leave());
      return result;
    }

    RouteState state() {
      String pattern = route.pattern().toString();
      String target = route.target().description();
      List<RouteState> own = invoker.routes();
      return own.isEmpty() ? RouteState.of(pattern, target) : own.get(0).named(pattern, target);
    }

    private void leave() {
      if (users.decrementAndGet() == 0) {
        idle.complete(null);
      }
    }

    /** On a thread of its own, since to close may block. */
    void retire() {
      var unusedEnd =
          idle.thenCompose(none -> invoker.drained())
              .completeOnTimeout(null, LONGEST_END_MINUTES, TimeUnit.MINUTES)
              .whenCompleteAsync((none, failure) -> close(), OpenRoute::start);
      leave();
    }

    private static void start(Runnable task) {
      Thread thread = new Thread(task, "route-close");
      thread.setDaemon(true);
      thread.start();
    }

    void close() {
      if (!ended.getAndSet(true)) {
        open.remove(this);
        invoker.close();
      }
    }
  }
}
