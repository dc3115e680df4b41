package dev.pglambda.lambda.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClientCacheTest {
  private final List<Client> built = new ArrayList<>();
  private final ClientCache<String, Client> cache =
      new ClientCache<>(2, this::build, Runnable::run);

  private static final class Client implements AutoCloseable {
    final String key;
    boolean closed;

    Client(String key) {
      this.key = key;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private Client build(String key) {
    if (key.equals("bad")) {
      throw new IllegalArgumentException(key);
    }
    Client client = new Client(key);
    built.add(client);
    return client;
  }

  private Client use(String key) {
    try (var lease = cache.lease(key)) {
      return lease.client();
    }
  }

  @Test
  void buildsOneClientForEachKey() {
    Client first = use("a");

    assertThat(use("a")).isSameAs(first);
    assertThat(use("b")).isNotSameAs(first);
    assertThat(built).hasSize(2);
  }

  @Test
  void closesTheClientThatWasNotUsedForLongest() {
    Client a = use("a");
    Client b = use("b");
    use("a");

    use("c");

    assertThat(b.closed).isTrue();
    assertThat(a.closed).isFalse();
    assertThat(cache.size()).isEqualTo(2);
  }

  @Test
  void closesNoClientThatIsInUse() {
    // given
    var leaseOfA = cache.lease("a");
    var leaseOfB = cache.lease("b");
    Client a = leaseOfA.client();
    Client b = leaseOfB.client();
    // when
    var leaseOfC = cache.lease("c");
    // then
    assertThat(cache.size()).isEqualTo(3);
    assertThat(List.of(a.closed, b.closed, leaseOfC.client().closed)).containsOnly(false);
    // when
    leaseOfB.close();
    // then
    assertThat(b.closed).isTrue();
    assertThat(cache.size()).isEqualTo(2);
    leaseOfA.close();
    leaseOfC.close();
    assertThat(a.closed).isFalse();
  }

  @Test
  void waitsForTheLastLeaseWhenItIsClosed() {
    Client idle = use("idle");
    var lease = cache.lease("busy");
    Client busy = lease.client();

    cache.close();

    assertThat(idle.closed).isTrue();
    assertThat(busy.closed).isFalse();
    lease.close();
    assertThat(busy.closed).isTrue();
    assertThat(cache.size()).isZero();
  }

  @Test
  void triesAgainToBuildAClientThatCouldNotBeBuilt() {
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> use("bad")).isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(use("good").key).isEqualTo("good");
  }
}
