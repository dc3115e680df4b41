package dev.pglambda.protocol.auth;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.protocol.ProtocolViolation;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScramServerTest {
  // The exchange of RFC 7677, section 3.
  private static final String CLIENT_FIRST = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
  private static final String SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  private static final String NONCE = "rOprNGfwEbeRWgbNEkqO" + SERVER_NONCE;
  private static final String PROOF = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

  private static final byte[] HASH = Sha256.hash(new byte[] {1, 2, 3});

  private final ScramServer server = server(ChannelBinding.NONE);
  private final ScramServer binding = server(ChannelBinding.to(HASH));

  private static ScramServer server(ChannelBinding binding) {
    byte[] salt = Base64.getDecoder().decode("W22ZaJ0SNY7soEsUEjb6gQ==");
    return new ScramServer(new ScramCredentials("pencil", salt), SERVER_NONCE, binding);
  }

  private static String first(ScramServer server, String clientFirst) throws Exception {
    return server.first(ScramServer.MECHANISM, clientFirst);
  }

  /** The server's answer to the proof; null: the password is wrong. */
  private static @Nullable String logIn(ScramServer server, String mechanism, ScramClient client)
      throws Exception {
    return server.last(client.last(server.first(mechanism, client.first())));
  }

  private static ScramClient bound(byte[] hash) {
    return ScramClient.of("pencil".getBytes(US_ASCII), hash, true);
  }

  @Test
  void bindsToTheCertificate() throws Exception {
    assertThat(ChannelBinding.to(HASH).mechanisms())
        .containsExactly(ScramServer.BOUND_MECHANISM, ScramServer.MECHANISM);

    assertThat(logIn(binding, ScramServer.BOUND_MECHANISM, bound(HASH))).startsWith("v=");
  }

  @Test
  void refusesAnotherCertificate() {
    byte[] other = HASH.clone();
    other[31] ^= 1;
    for (byte[] hash : List.of(other, Arrays.copyOf(HASH, 31), Arrays.copyOf(HASH, 33))) {
      assertThatThrownBy(
              () ->
                  logIn(server(ChannelBinding.to(HASH)), ScramServer.BOUND_MECHANISM, bound(hash)))
          .isInstanceOf(ChannelBindingException.class)
          .hasMessage("SCRAM channel binding check failed");
    }
  }

  @Test
  void letsAClientDoWithoutBinding() throws Exception {
    assertThat(logIn(binding, ScramServer.MECHANISM, new ScramClient("pencil"))).startsWith("v=");
    assertThat(
            logIn(
                server(ChannelBinding.UNENCRYPTED),
                ScramServer.MECHANISM,
                new ScramClient("pencil")))
        .startsWith("v=");
  }

  @Test
  void refusesAClientThatIsMadeToThinkThatThereIsNoBinding() {
    for (ChannelBinding known : List.of(ChannelBinding.to(HASH), ChannelBinding.UNENCRYPTED)) {
      assertThatThrownBy(() -> first(server(known), "y,,n=user,r=abc"))
          .isInstanceOfSatisfying(
              ChannelBindingException.class,
              refused -> {
                assertThat(refused.error().sqlState()).isEqualTo("28000");
                assertThat(refused.error().message())
                    .isEqualTo("SCRAM channel binding negotiation error");
              });
    }
  }

  @Test
  void clientWithTlsSaysThatNoBindingWasOffered() {
    byte[] password = "pencil".getBytes(US_ASCII);

    assertThat(ScramClient.of(password.clone(), HASH, false).first()).startsWith("y,,n=,r=");
    assertThat(ScramClient.of(password.clone(), HASH, true).first())
        .startsWith("p=tls-server-end-point,,n=,r=");
    assertThat(ScramClient.of(password.clone(), null, true).first()).startsWith("n,,n=,r=");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "n,,n=user,r=abc",
        "y,,n=user,r=abc",
        "p=tls-unique,,n=user,r=abc",
        "p=tls-server-end-point,a=x,n=user,r=abc",
        "p=tls-server-end-point",
        "p,,n=user,r=abc",
      })
  void refusesAMalformedFirstMessageThatBinds(String message) {
    assertThatThrownBy(() -> binding.first(ScramServer.BOUND_MECHANISM, message))
        .isInstanceOf(ProtocolViolation.class)
        .hasMessageStartingWith("malformed SCRAM message: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1", ""})
  void refusesAMechanismThatIsNotOffered(String mechanism) {
    for (ChannelBinding none : List.of(ChannelBinding.NONE, ChannelBinding.UNENCRYPTED)) {
      assertThat(none.mechanisms()).containsExactly("SCRAM-SHA-256");
      assertThatThrownBy(() -> server(none).first(mechanism, bound(HASH).first()))
          .isInstanceOf(ProtocolViolation.class);
    }
  }

  /** The header alone, without the hash, is what a client without binding would repeat. */
  @Test
  void refusesBindingDataWithoutAHash() throws Exception {
    String serverFirst =
        binding.first(ScramServer.BOUND_MECHANISM, "p=tls-server-end-point,,n=,r=abc");
    String nonce = serverFirst.substring(2, serverFirst.indexOf(','));
    String header =
        Base64.getEncoder().encodeToString("p=tls-server-end-point,,".getBytes(US_ASCII));

    assertThatThrownBy(() -> binding.last("c=" + header + ",r=" + nonce + ",p=" + PROOF))
        .isInstanceOf(ChannelBindingException.class);
  }

  @Test
  void agreesWithTheExampleOfTheStandard() throws Exception {
    assertThat(first(server, CLIENT_FIRST))
        .isEqualTo("r=" + NONCE + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    assertThat(server.last("c=biws,r=" + NONCE + ",p=" + PROOF))
        .isEqualTo("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  }

  @Test
  void acceptsAClientThatCouldBindTheChannel() throws Exception {
    ScramClient client = new ScramClient("pencil", "y,,", "", "rOprNGfwEbeRWgbNEkqO");

    assertThat(server.last(client.last(first(server, client.first())))).startsWith("v=");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pencils", " ", "Pencil"})
  void refusesAnotherPassword(String password) throws Exception {
    ScramClient client = new ScramClient(password, "n,,", "", "rOprNGfwEbeRWgbNEkqO");

    assertThat(server.last(client.last(first(server, client.first())))).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "AAAA", "eHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="})
  void refusesAProofOfAnotherLengthOrValue(String proof) throws Exception {
    first(server, CLIENT_FIRST);

    assertThat(server.last("c=biws,r=" + NONCE + ",p=" + proof)).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "n",
        "n,,",
        "n,,n=user",
        "n,,r=abc",
        "n,,n=user,r=",
        "n,,n=user,r=a b",
        "n,,m=ext,n=user,r=abc",
        "n,a=other,n=user,r=abc",
        "p=tls-unique,,n=user,r=abc",
        "x,,n=user,r=abc",
      })
  void refusesAMalformedFirstMessage(String message) {
    assertThatThrownBy(() -> first(server, message))
        .isInstanceOf(ProtocolViolation.class)
        .hasMessageStartingWith("malformed SCRAM message: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "c=biws",
        "c=biws,r=" + NONCE,
        "c=eSws,r=" + NONCE + ",p=" + PROOF,
        "c=!,r=" + NONCE + ",p=" + PROOF,
        "c=biws,r=" + NONCE + "x,p=" + PROOF,
        "c=biws,r=rOprNGfwEbeRWgbNEkqO,p=" + PROOF,
        "c=biws,r=" + NONCE + ",p=!",
        "c=biws,r=" + NONCE + ",p=" + PROOF + ",x=y",
        "r=" + NONCE + ",c=biws,p=" + PROOF,
      })
  void refusesAMalformedFinalMessage(String message) throws Exception {
    first(server, CLIENT_FIRST);

    assertThatThrownBy(() -> server.last(message))
        .isInstanceOf(ProtocolViolation.class)
        .hasMessageStartingWith("malformed SCRAM message: ");
  }
}
