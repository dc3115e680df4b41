package dev.pglambda.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CallbackPeersTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "10.0.0.0/8 | 10.255.0.1 | true",
        "10.0.0.0/8 | 11.0.0.1 | false",
        "10.1.2.3/8 | 10.9.9.9 | true",
        "192.168.1.128/25 | 192.168.1.127 | false",
        "192.168.1.128/25 | 192.168.1.200 | true",
        "10.0.0.1 | 10.0.0.1 | true",
        "10.0.0.1 | 10.0.0.2 | false",
        "0.0.0.0/0 | 8.8.8.8 | true",
        "0.0.0.0/0 | ::1 | false",
        "::/0 | fe80::1 | true",
        "::/0 | 10.0.0.1 | false",
        "::/0 | ::ffff:10.0.0.1 | false",
        "10.0.0.1 | ::ffff:10.0.0.1 | true",
        "fd00::/8 | fdff::1 | true",
        "fd00::/8 | fe00::1 | false",
        "2001:db8::1 | 2001:db8:0:0::1 | true",
        "10.0.0.0/8, 192.168.0.0/16 | 192.168.3.4 | true",
        "10.0.0.0/8 , fd00::/8 | fd00::1 | true",
        "127.0.0.1/32 | 127.0.0.1 | true",
      })
  void allowsWhatIsInARange(String ranges, String address, boolean allowed) throws Exception {
    CallbackPeers peers = CallbackPeers.parse(ranges);

    assertThat(peers.allows(InetAddress.getByName(address), true, true)).isEqualTo(allowed);
  }

  @Test
  void allowsTheServerAndThisMachine() throws Exception {
    CallbackPeers peers = CallbackPeers.parse("server,10.0.0.1");
    InetAddress address = InetAddress.getByName("192.0.2.1");

    assertThat(peers.allows(address, false, false)).isFalse();
    assertThat(peers.allows(address, true, false)).isTrue();
    assertThat(peers.allows(address, false, true)).isTrue();
    assertThat(peers.allows(InetAddress.getByName("127.0.0.9"), false, false)).isFalse();
    assertThat(peers.allows(InetAddress.getByName("10.0.0.1"), false, false)).isTrue();
  }

  @Test
  void allowsAll() throws Exception {
    assertThat(CallbackPeers.parse("all").allows(InetAddress.getByName("192.0.2.1"), false, false))
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ",",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0/8",
        "fd00::/129",
        "10.0.0.0/",
        "localhost",
        "abc",
        "1",
        "fe80::1%eth0",
        "10.0.0.0/8;10.0.0.1",
        "ALL",
      })
  void refusesWhatIsNone(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> CallbackPeers.parse(text));
  }
}
