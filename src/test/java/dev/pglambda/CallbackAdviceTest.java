package dev.pglambda;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

/** What a user is told to set when PostgreSQL cannot call back. */
class CallbackAdviceTest {
  private static final InetSocketAddress LOOPBACK = new InetSocketAddress(NetUtil.LOCALHOST4, 5433);
  private static final InetSocketAddress ANY = new InetSocketAddress(5433);
  private static final String HINT = "start it with --callback-address.";

  private static String advice(String address, String server, InetSocketAddress listen) {
    String reason = "the server cannot reach pg-lambda-proxy at " + address + ": refused";
    return CallbackTrial.advice(reason, HINT, server, listen);
  }

  @Test
  void namesTheServersContainerWhereLoopbackIsItsOwn() {
    assertThat(advice("127.0.0.1:5433", "172.18.0.2", LOOPBACK))
        .startsWith("There, at 172.18.0.2, that is the server's own machine or container:")
        .contains("host.docker.internal", "Compose", "--listen 0.0.0.0:5433");
    assertThat(advice("localhost:5433", "172.18.0.2", ANY))
        .contains("host.docker.internal")
        .doesNotContain("--listen");
  }

  @Test
  void namesTheAddressOnWhichNobodyFromElsewhereIsHeard() {
    assertThat(advice("10.0.0.5:5433", "10.0.0.6", LOOPBACK))
        .isEqualTo(HINT + " The proxy listens on 127.0.0.1 only: set --listen 0.0.0.0:5433, too.");
  }

  @Test
  void isTheServersOwnElsewhere() {
    assertThat(advice("10.0.0.5:5433", "10.0.0.6", ANY)).isEqualTo(HINT);
    assertThat(advice("127.0.0.1:5433", "127.0.0.1", LOOPBACK)).isEqualTo(HINT);
    assertThat(advice("127.0.0.1:5433", "", LOOPBACK)).isEqualTo(HINT);
  }
}
