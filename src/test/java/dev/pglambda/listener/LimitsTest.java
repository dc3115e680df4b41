package dev.pglambda.listener;

import static dev.pglambda.testing.Awaiting.await;
import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.packet;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.ClientLimits;
import dev.pglambda.intercept.Rewrite;
import dev.pglambda.intercept.ServerSettings;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.RefusalReason;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.relay.RelayStage;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.UnansweredAddress;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How many there may be, and what happens to one more. */
class LimitsTest extends RelayStage {
  private static final String TOO_MANY =
      "SFATAL\0VFATAL\0C53300\0Msorry, too many clients already\0\0";

  @Test
  void refusesOneClientTooManyUntilAnotherHasGone() throws Exception {
    limits = new ClientLimits(2, 0, 100, 100, 100);
    ready(client(startup("user", "ann")));
    Peer second = client(startup("user", "bob"));
    ready(second);

    Peer third = client(startup("user", "eve"));

    assertRefused(third);
    assertThat(refusedAsTooMany()).isEqualTo(1);
    second.close();
    awaitSessions(1);
    ready(client(startup("user", "eve")));
  }

  @Test
  void clientTakesItsPlaceWhenTheServerHasAuthenticatedIt() throws Exception {
    limits = new ClientLimits(1, 0, 100, 100, 100);
    Peer first = client(startup("user", "ann"));
    Peer ofFirst = backend();
    Peer second = client(startup("user", "bob"));
    Peer ofSecond = backend();
    authenticate(ofSecond);
    assertThat(second.read().type()).isEqualTo(BackendMessage.AUTHENTICATION);
    assertThat(second.read().type()).isEqualTo(BackendMessage.READY_FOR_QUERY);

    authenticate(ofFirst);

    assertThat(first.read().type()).isEqualTo(BackendMessage.AUTHENTICATION);
    assertRefused(first);
    assertThat(refusedAsTooMany()).isEqualTo(1);
    assertThat(ofFirst.atEnd()).isTrue();
    second.close();
    awaitSessions(0);
    ready(client(startup("user", "ann")));
  }

  @Test
  void silentClientsThatDoNotAuthenticateKeepNobodyOut() throws Exception {
    limits = new ClientLimits(5, 0, 3, 1000, 100);
    List<Peer> silent = new ArrayList<>();
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < 4; i++) {
        silent.add(client(startup("user", "eve")));
        backend().readPacket();
      }
      Peer client = client(startup("user", "ann"));
      ready(client).close();
      awaitSessions(0, 5 + 3);
    }
    assertThat(silent.get(0).read().body()).isEqualTo(TOO_MANY);
    assertThat(silent.get(0).atEnd()).isTrue();
  }

  @Test
  void silentClientsOfOneAddressMakePlaceForTheNextOne() throws Exception {
    limits = new ClientLimits(100, 2, 100, 100, 100);
    Peer oldest = client(startup("user", "eve"));
    backend();
    client(startup("user", "eve"));
    backend();

    ready(client(startup("user", "ann")));

    assertThat(oldest.read().body()).isEqualTo(TOO_MANY);
    assertThat(refusedAsTooMany()).isEqualTo(1);
  }

  @Test
  void countsTheClientsOfEachAddress() throws Exception {
    limits = new ClientLimits(100, 1, 100, 100, 100);
    Peer first = client(startup("user", "ann"));
    ready(first);

    Peer second = client(startup("user", "eve"));

    assertThat(second.read().body())
        .isEqualTo("SFATAL\0VFATAL\0C53300\0Mtoo many connections for address \"127.0.0.1\"\0\0");
    first.close();
    awaitSessions(0);
    ready(client(startup("user", "eve")));
  }

  @Test
  void countsNeitherCancelRequestsNorCallsOfTheServerAsClients() throws Exception {
    limits = new ClientLimits(1, 1, 100, 100, 100);
    ready(client(startup("user", "ann")));

    Peer call = client(startup("user", "pglambda", "database", "pglambda"));
    call.send(FrontendMessage.PASSWORD, "hello\0");
    assertThat(call.read()).hasToString("p:hello|");
    client(cancelRequest());
    assertCancelRequestPasses();
    assertThat(sessions.size()).isEqualTo(1);
  }

  @Test
  void closesTheOneThatHasBeenSilentForLongest() throws Exception {
    limits = new ClientLimits(100, 0, 100, 2, 100);
    Peer oldest = client(new byte[0]);
    Peer asking =
        client(packet(StartupPacket.SSL_REQUEST, "")); // and waits for its user, for example
    assertThat(asking.text(1)).isEqualTo("N");
    Peer session = client(startup("user", "ann")); // which is no longer pending
    ready(session);

    Peer newest = client(packet(StartupPacket.SSL_REQUEST, ""));

    assertThat(newest.text(1)).isEqualTo("N");
    assertThat(oldest.atEnd()).isTrue();
    client(packet(StartupPacket.SSL_REQUEST, ""));
    assertThat(asking.atEnd()).isTrue();
    newest.send(startup("user", "bob"));
    ready(newest);
    session.send(new Query("SELECT 1"));
  }

  @Test
  void floodOfSilentConnectionsKeepsNoClientOut() throws Exception {
    limits = new ClientLimits(100, 0, 100, 10, 100);
    for (int i = 0; i < 200; i++) {
      client(new byte[0]);
      if (i % 50 == 0) {
        ready(client(startup("user", "ann")));
      }
    }
  }

  @Test
  void callOfTheServerIsPendingUntilItIsAdmitted() throws Exception {
    limits = new ClientLimits(100, 0, 100, 1, 100);
    Peer stranger = client(startup("user", "pglambda", "database", "pglambda"));
    stranger.send(FrontendMessage.PASSWORD, "hello\0");
    stranger.read(); // what has been echoed has been admitted here, see EchoingDatabase
    client(new byte[0]);
    Peer other = client(packet(StartupPacket.SSL_REQUEST, ""));
    other.text(1);

    stranger.send(FrontendMessage.PASSWORD, "again\0");
    assertThat(stranger.read()).hasToString("p:again|");
  }

  @Test
  void dropsOneCancelRequestTooMany() throws Exception {
    limits = new ClientLimits(100, 0, 100, 100, 2);
    Peer first = client(cancelRequest());
    Peer second = client(cancelRequest());
    Peer ofFirst = backend();
    Peer ofSecond = backend();
    ofFirst.readPacket();
    ofSecond.readPacket();

    assertThat(client(cancelRequest()).atEnd()).isTrue();

    ofFirst.close();
    ofSecond.close();
    assertThat(first.atEnd()).isTrue();
    assertThat(second.atEnd()).isTrue();
    client(cancelRequest());
    assertCancelRequestPasses();
  }

  @Test
  void givesUpOnACancelRequestThatTheServerDoesNotEnd() throws Exception {
    connectTimeout = Duration.ofMillis(300);
    limits = new ClientLimits(100, 0, 100, 100, 1);
    Peer client = client(cancelRequest());
    Peer backend = backend();
    backend.readPacket();
    backend.send(new byte[] {1}); // a server that says something is given no more time

    assertThat(backend.atEnd()).isTrue();
    assertThat(client.atEnd()).isTrue();
    client(cancelRequest());
    assertCancelRequestPasses();
  }

  @Test
  void givesUpOnAServerThatDoesNotAcceptConnections() throws Exception {
    connectTimeout = Duration.ofMillis(300);
    try (UnansweredAddress unanswered = UnansweredAddress.open()) {
      server.close();
      server = new ServerSocket();
      backendPort = unanswered.uri().getPort();

      Peer client = client(startup("user", "ann"));

      assertThat(client.read().body())
          .isEqualTo(
              "SFATAL\0VFATAL\0C08001\0Mcould not connect to server at 127.0.0.1:%d: connection timed out\0\0"
                  .formatted(backendPort));
      assertThat(client.atEnd()).isTrue();
      client = client(cancelRequest());
      assertThat(client.atEnd()).isTrue();
    }
  }

  @Test
  void inspectsAMessageOfTheLimitAndPassesALongerOneAsItIs() throws Exception {
    inspectLimit = 2_000;
    List<Integer> inspected = new ArrayList<>();
    interceptor =
        new WordInterceptor("") {
          @Override
          public Concern concern(ByteBuf buffer, int index, int length) {
            inspected.add(length);
            return Concern.NONE;
          }

          @Override
          public @Nullable Rewrite rewrite(String text, ServerSettings settings) {
            return null;
          }
        };
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    client.send(new Query("x".repeat(1_999))).send(new Query("y".repeat(2_000)));
    client.send(new Parse("", "z".repeat(1_998), List.of())).send(new Query(""));

    assertThat(backend.read().body()).hasSize(2_000);
    assertThat(backend.read().body()).hasSize(2_001);
    assertThat(backend.read().body()).hasSize(2_002);
    backend.read();
    assertThat(inspected).containsExactly(1_999, 0);
  }

  @Test
  void refusalReachesAClientThatSendsOn() throws Exception {
    limits = new ClientLimits(1, 0, 100, 100, 100);
    ready(client(startup("user", "ann")));
    byte[] more = message(FrontendMessage.QUERY, "x".repeat(1 << 20));

    for (int i = 0; i < 20; i++) {
      Peer refused = client(concat(startup("user", "eve"), more));
      assertThat(refused.read().body()).isEqualTo(TOO_MANY);
      refused.send(more); // would be answered by a reset if the socket were closed
      assertThat(refused.atEnd()).isTrue();
      assertThat(refused.socket().getInputStream().read()).as("no reset").isEqualTo(-1);
    }
  }

  @Test
  void closesOnARefusedClientThatDoesNot() throws Exception {
    limits = new ClientLimits(1, 0, 100, 100, 100);
    ready(client(startup("user", "ann")));
    Peer refused = client(startup("user", "eve"));
    refused.read();
    assertThat(refused.atEnd()).isTrue();

    await("the connection is closed")
        .until(
            () -> {
              try {
                refused.send(new byte[] {1});
                return false;
              } catch (IOException reset) {
                return true;
              }
            });
  }

  private long refusedAsTooMany() {
    return sessions.refusals().of(RefusalReason.TOO_MANY);
  }

  private static void assertRefused(Peer client) throws IOException {
    assertThat(client.read().body()).isEqualTo(TOO_MANY);
    assertThat(client.atEnd()).isTrue();
  }

  private static void authenticate(Peer backend) throws IOException {
    backend.readPacket();
    backend.send(Authentication.ok(), new ReadyForQuery('I'));
  }

  private void assertCancelRequestPasses() throws IOException {
    assertThat(backend().readPacket()).startsWith(StartupPacket.CANCEL_REQUEST + ":");
  }

  private static byte[] cancelRequest() {
    return packet(StartupPacket.CANCEL_REQUEST, "\0\0\0\7abcd");
  }

  private void awaitSessions(int count) {
    awaitSessions(count, count);
  }

  private void awaitSessions(int fewest, int most) {
    await("sessions: %d to %d".formatted(fewest, most))
        .until(() -> sessions.size(), count -> count >= fewest && count <= most);
  }
}
