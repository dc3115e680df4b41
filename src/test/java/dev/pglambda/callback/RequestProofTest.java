package dev.pglambda.callback;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Which requests are taken: proof, nonce and sequence. */
class RequestProofTest extends RequestStage {
  @Test
  void refusesARequestBeforeHello() {
    assertThat(worker.ask(worker.signed("invoke/1", Fields.call("f", "{}"))))
        .containsExactly("stale", null, null, null, null, null, null, null);
    assertThat(function.arguments).isEmpty();
  }

  @Test
  void refusesAReplayedRequest() {
    worker.hello();
    String request = worker.signed("invoke/1", Fields.call("f", "{}"));
    worker.send(Worker.query(request));
    function.last().complete(FakeFunction.row("1"));
    assertThat(worker.row().get(0)).isEqualTo("ok");

    assertThat(worker.ask(request).get(0)).isEqualTo("stale");
    assertThat(function.arguments).hasSize(1);
  }

  @Test
  void refusesALowerSequenceUntilAnotherHello() {
    worker.hello();
    worker.sendWait();
    worker.received();

    assertThat(worker.ask(worker.proven("wait/1 5")).get(0)).isEqualTo("stale");
    worker.hello();
    assertThat(worker.ask(worker.proven("wait/1 5")).get(0)).isEqualTo("08006");
  }

  @Test
  void refusesTheNonceOfAnotherLink() {
    Worker other = Worker.connected(server);
    other.hello();
    worker.hello();

    assertThat(worker.ask(other.signed("invoke/1", Fields.call("f", "{}"))).get(0))
        .isEqualTo("stale");
    other.close();
    assertThat(function.arguments).isEmpty();
  }

  @Test
  void refusesTheNonceBeforeTheLastHello() {
    worker.hello();
    String request = worker.signed("invoke/1", Fields.call("f", "{}"));
    worker.hello();

    assertThat(worker.ask(request).get(0)).isEqualTo("stale");
    assertThat(function.arguments).isEmpty();
  }

  @Test
  void refusesAProofOfAnotherInstallationOrOfAnotherText() {
    worker.hello();
    InstallationKeys other = Worker.SECRET.keys(Worker.SECRET.newInstallation());
    String rest = "invoke/1 99999999 " + Fields.call("f", "{}");
    String proven = worker.proven(rest);

    assertThat(worker.ask(WorkerProof.of(other, worker.nonce(), rest) + " " + rest).get(0))
        .isEqualTo("stale");
    assertThat(worker.ask(proven.replace("1:f", "1:g")).get(0)).isEqualTo("stale");
    assertThat(worker.ask(proven + " ").get(0)).isEqualTo("stale");
    assertThat(function.arguments).isEmpty();
  }

  @Test
  void forgivesAStaleRequestAndServesTheNext() {
    worker.hello();
    assertThat(worker.ask("0".repeat(64) + " wait/1 99999999").get(0)).isEqualTo("stale");

    worker.invoke();
    function.last().complete(FakeFunction.row("1"));

    assertThat(worker.row().get(0)).isEqualTo("ok");
  }
}
