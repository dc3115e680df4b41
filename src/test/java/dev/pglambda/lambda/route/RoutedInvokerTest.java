package dev.pglambda.lambda.route;

import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.node.TextNode;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.LogType;
import dev.pglambda.lambda.ServiceErrors;
import dev.pglambda.lambda.route.CannedReply.Case;
import dev.pglambda.lambda.route.CannedReply.Response;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoutedInvokerTest {
  private static final Permissions ALL = (function, role) -> null;

  /** In the order in which they were opened. */
  private final List<HeldCalls> opened = new CopyOnWriteArrayList<>();

  private final HeldCalls others = new HeldCalls("others");
  private final RoutedInvoker routed = routed(others, ALL);

  @AfterEach
  void close() {
    routed.close();
  }

  private RoutedInvoker routed(@Nullable LambdaInvoker rest, Permissions permissions) {
    return new RoutedInvoker(this::open, rest, permissions, WithFaults::new);
  }

  private LambdaInvoker open(Target target) {
    HeldCalls invoker = new HeldCalls(text(target));
    opened.add(invoker);
    return invoker;
  }

  private static String text(Target target) {
    CannedReply canned = (CannedReply) target;
    return String.valueOf(canned.cases().get(0).replies().get(0).payload()).replace("\"", "");
  }

  /** Each call waits until the test ends it. */
  private static final class HeldCalls implements LambdaInvoker {
    final String name;
    final List<CompletableFuture<InvocationResult>> calls = new CopyOnWriteArrayList<>();
    final CompletableFuture<Void> drained = new CompletableFuture<>();
    volatile boolean closed;

    HeldCalls(String name) {
      this.name = name;
    }

    @Override
    public CompletableFuture<InvocationResult> invoke(Invocation invocation) {
      CompletableFuture<InvocationResult> call = new CompletableFuture<>();
      calls.add(call);
      if (closed) {
        call.completeExceptionally(ServiceErrors.refused("closed"));
      }
      return call;
    }

    @Override
    public CompletableFuture<Void> drained() {
      return drained;
    }

    void endAll() {
      drained.complete(null);
      calls.forEach(call -> call.complete(InvocationResult.ofStatus(200)));
    }

    @Override
    public void close() {
      closed = true;
      calls.forEach(call -> call.completeExceptionally(ServiceErrors.refused("closed")));
    }
  }

  private record WithFaults(LambdaInvoker inner, List<Fault> faults) implements LambdaInvoker {
    @Override
    public CompletableFuture<InvocationResult> invoke(Invocation invocation) {
      return CompletableFuture.failedFuture(ServiceErrors.refused("fault " + faults.get(0).kind()));
    }

    @Override
    public void close() {
      inner.close();
    }
  }

  private static Route route(String pattern, String reply) {
    return Route.of(
        FunctionPattern.parse(pattern).orElseThrow(),
        new CannedReply(List.of(new Case(null, List.of(Response.of(TextNode.valueOf(reply)))))));
  }

  private static Invocation call(String functionName) {
    return new Invocation(
        functionName,
        "eu-west-1",
        InvocationType.REQUEST_RESPONSE,
        LogType.NONE,
        null,
        null,
        ByteBuffer.allocate(0),
        Duration.ofSeconds(1),
        Duration.ofSeconds(1));
  }

  private HeldCalls opened(String name) {
    return opened.stream().filter(each -> each.name.equals(name)).findFirst().orElseThrow();
  }

  private static InvocationException failure(CompletableFuture<InvocationResult> call) {
    Throwable thrown = catchThrowable(() -> call.get(10, TimeUnit.SECONDS)).getCause();
    assertThat(thrown).isInstanceOf(InvocationException.class);
    return (InvocationException) thrown;
  }

  // ---- which route

  @ParameterizedTest
  @CsvSource({
    "orders-7,                                           first",
    "arn:aws:lambda:eu-west-1:111122223333:function:pay, second",
    "pay,                                                third",
    "pay:live,                                           third",
    "ship,                                               others",
  })
  void theFirstRouteThatMatchesIsFollowed(String functionName, String followed) {
    routed.replace(
        List.of(
            route("orders-*", "first"),
            route("111122223333:function:pay", "second"),
            route("pay", "third"),
            route("orders-7", "never")));

    var unusedCall = routed.invoke(call(functionName));

    List<HeldCalls> all = new ArrayList<>(opened);
    all.add(others);
    assertThat(all.stream().filter(each -> !each.calls.isEmpty()).map(each -> each.name))
        .containsExactly(followed);
  }

  @Test
  void faultsStandBeforeWhatTheRouteLeadsTo() {
    Fault throttle = new Fault(FaultKind.THROTTLE, 1, Duration.ZERO);
    Route route = route("f", "f");
    routed.replace(List.of(new Route(route.pattern(), route.target(), null, List.of(throttle))));

    assertThat(failure(routed.invoke(call("f")))).hasMessage("fault THROTTLE");
    assertThat(opened("f").calls).isEmpty();
  }

  @Test
  void permissionIsAskedFirstForTheRoleOfTheRoute() {
    List<String> asked = new ArrayList<>();
    RoutedInvoker guarded =
        routed(
            others,
            (function, role) -> {
              asked.add(function.name() + " for " + role);
              return ServiceErrors.refused("denied");
            });
    Route route = route("f", "f");
    guarded.replace(List.of(new Route(route.pattern(), route.target(), "a-role", List.of())));

    assertThat(failure(guarded.invoke(call("f")))).hasMessage("denied");
    assertThat(failure(guarded.invoke(call("g")))).hasMessage("denied");

    assertThat(asked).containsExactly("f for a-role", "g for null");
    assertThat(opened("f").calls).isEmpty();
    assertThat(others.calls).isEmpty();
    guarded.close();
  }

  // ---- none

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          order-7   | The nearest route is "orders-*": the name is "order-7".
          ship      | The nearest route is "ship:live": the qualifier is $LATEST.
          shop:live | The nearest route is "ship:live": the name is "shop".
          pay       | The nearest route is "arn:aws:lambda:us-*:*:function:pay": the region is eu-west-1.
          xxxxxxxxx | The nearest route is "orders-*": the name is "xxxxxxxxx".
          """)
  void namesTheNearestRouteAndWhyItIsNot(String functionName, String hint) {
    RoutedInvoker alone = routed(null, ALL);
    alone.replace(
        List.of(
            route("orders-*", "1"),
            route("ship:live", "2"),
            route("arn:aws:lambda:us-*:*:function:pay", "3")));

    InvocationException failure = failure(alone.invoke(call(functionName)));

    assertThat(failure)
        .hasMessageMatching(
            "Function not found: arn:aws:lambda:eu-west-1:000000000000:function:[^:]*:.+");
    assertThat(failure.hint()).isEqualTo(hint);
    alone.close();
  }

  /** A name that is none has no resource that a policy could allow. */
  @Test
  void aCallOfWhatIsNoNameFails() {
    assertThat(failure(routed.invoke(call("no function"))))
        .hasMessageContaining("Value 'no function' at 'functionName' failed to satisfy");
    assertThat(failure(routed.invoke(call("x".repeat(257)))))
        .hasMessageEndingWith("Member must have length less than or equal to 256");
    assertThat(others.calls).isEmpty();
  }

  @Test
  void saysThatThereAreNoRoutes() {
    RoutedInvoker alone = routed(null, ALL);

    assertThat(failure(alone.invoke(call("f"))).hint()).isEqualTo("There are no routes.");
  }

  @ParameterizedTest
  @CsvSource({
    "orders-*, orders-, 0",
    "*,        any,     0",
    "a*c,      abbbd,   1",
    "f?o,      fxo,     0",
    "hello,    helo,    1",
    "hello,    hallo1,  2",
    "'abc',    xyz,     3",
  })
  void countsTheCharactersThatMustChange(String pattern, String name, int distance) {
    assertThat(FunctionPattern.parse(pattern).orElseThrow().distance(name)).isEqualTo(distance);
  }

  // ---- routes that change

  @Test
  void aRouteThatIsStillThereKeepsItsInvoker() {
    routed.replace(List.of(route("a", "a"), route("b", "b")));
    opened("a").endAll();

    routed.replace(List.of(route("new", "new"), route("b", "b"), route("b", "b")));
    var unusedCall = routed.invoke(call("b"));

    assertThat(opened.stream().map(each -> each.name)).containsExactly("a", "b", "new");
    assertThat(opened("b").calls).hasSize(1);
    await("the first one is closed").until(() -> opened("a").closed);
    assertThat(opened("b").closed).isFalse();
  }

  @Test
  void whatNoRouteLeadsToIsClosedWhenItsLastCallAndItsEventsHaveEnded() {
    // given
    routed.replace(List.of(route("a", "a")));
    CompletableFuture<InvocationResult> first = routed.invoke(call("a"));
    CompletableFuture<InvocationResult> second = routed.invoke(call("a"));
    // when
    routed.replace(List.of());
    var unusedCall = routed.invoke(call("a"));
    // then
    assertThat(others.calls).hasSize(1);
    first.complete(InvocationResult.ofStatus(200));
    assertThat(opened("a").closed).isFalse();
    second.cancel(true);
    assertThat(opened("a").closed).isFalse();
    opened("a").drained.complete(null);
    await("it is closed").until(() -> opened("a").closed);
  }

  @Test
  void toCloseItEndsAllCallsAlsoOfRoutesThatAreNoMore() {
    routed.replace(List.of(route("a", "a"), route("b", "b")));
    List<CompletableFuture<InvocationResult>> calls =
        List.of(routed.invoke(call("a")), routed.invoke(call("b")), routed.invoke(call("c")));
    routed.replace(List.of(route("b", "b")));

    routed.close();

    assertThat(calls).allSatisfy(call -> assertThat(failure(call)).hasMessage("closed"));
    assertThat(opened).allMatch(each -> each.closed);
    assertThat(failure(routed.invoke(call("b")))).hasMessage("The Lambda client is shut down");
    routed.replace(List.of(route("late", "late")));
    assertThat(opened).hasSize(2);
  }

  /** A call may find a route, and the route be gone before the call has begun. */
  @Test
  void noCallIsLostWhileRoutesChange() throws Exception {
    List<Route> one = List.of(route("a", "one"));
    List<Route> other = List.of(route("a", "other"));
    routed.replace(one);
    CompletableFuture<Void> changes =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 0; i < 2_000; i++) {
                routed.replace(i % 2 == 0 ? other : one);
              }
            });
    int calls = 0;
    while (!changes.isDone() || calls < 1_000) {
      CompletableFuture<InvocationResult> call = routed.invoke(call("a"));
      opened.forEach(HeldCalls::endAll);
      assertThat(call.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      opened.removeIf(each -> each.closed);
      calls++;
    }
    changes.join();
    assertThat(others.calls).isEmpty();
  }
}
