package dev.pglambda.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Options whose values are addresses. */
class AddressOptionsTest {
  private static Config load(String... arguments) {
    return ((ConfigLoader.Run) ConfigLoader.load(arguments, Map.of())).config();
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:5433, 127.0.0.1, 5433",
    "0.0.0.0:5433, 0.0.0.0, 5433",
    ":5433, '', 5433",
    "[::]:0, '::', 0",
    "[::1], ::1, 5433",
    "localhost, localhost, 5433"
  })
  void listensWhereItIsTold(String value, String host, int port) {
    assertThat(load("--listen", value).listen())
        .isEqualTo(new ListenAddresses(new HostAndPort(host, port), null));
  }

  @ParameterizedTest
  @CsvSource({
    "'127.0.0.1:1,unix:/run/pg', 127.0.0.1:1, unix:/run/pg:0",
    "'unix:/run/p g:6000, :2', ':2', unix:/run/p g:6000",
    "unix:/run/pg/:5433, 127.0.0.1:5433, unix:/run/pg:5433",
    "unix:7, unix:7, "
  })
  void listensAtAUnixSocketBesides(String value, String tcp, @Nullable String socket) {
    ListenAddresses listen = load("--listen", value).listen();

    assertThat(listen.tcp()).hasToString(tcp);
    assertThat(Objects.toString(listen.socket(), null)).isEqualTo(socket);
  }

  @ParameterizedTest
  @CsvSource({
    "unix:/run/postgresql, /run/postgresql/.s.PGSQL.5432",
    "unix:/run/postgresql:6000, /run/postgresql/.s.PGSQL.6000",
    "unix:/a:b:7, /a:b/.s.PGSQL.7"
  })
  void findsTheFileOfAServersSocket(String value, String file) {
    assertThat(load("--backend", value).backend())
        .isInstanceOfSatisfying(
            UnixSocket.class, socket -> assertThat(socket.file()).hasToString(file));
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.0.1, true",
    "10.0.0.0/8, 11.0.0.1, false",
    "10.0.0.7, 10.0.0.7, true",
    "10.0.0.7, 10.0.0.6, false",
    "0.0.0.0/0, 192.0.2.1, true",
    "0.0.0.0/0, ::1, false",
    "fd00::/8, fdff::1, true",
    "'fd00::/8,unix', fe80::1, false",
    "unix, 127.0.0.1, false"
  })
  void knowsLoadBalancersByTheirNetworks(String value, String address, boolean expected) {
    Balancers balancers = load("--proxy-protocol-from", value).balancers();

    assertThat(balancers.include(new InetSocketAddress(address, 1))).isEqualTo(expected);
    assertThat(balancers.include(UnixDomainSocketAddress.of(""))).isEqualTo(value.contains("unix"));
  }

  @Test
  void takesPostgresqlsPortForABackendWithoutOne() {
    assertThat(load("--backend", "db").backend()).isEqualTo(new HostAndPort("db", 5432));
  }
}
