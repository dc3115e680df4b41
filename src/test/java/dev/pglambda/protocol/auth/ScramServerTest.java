package dev.pglambda.protocol.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.protocol.ProtocolViolation;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScramServerTest {
  // The exchange of RFC 7677, section 3.
  private static final String CLIENT_FIRST = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
  private static final String SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  private static final String NONCE = "rOprNGfwEbeRWgbNEkqO" + SERVER_NONCE;
  private static final String PROOF = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

  private final ScramServer server =
      new ScramServer(
          new ScramCredentials("pencil", Base64.getDecoder().decode("W22ZaJ0SNY7soEsUEjb6gQ==")),
          SERVER_NONCE);

  @Test
  void agreesWithTheExampleOfTheStandard() throws ProtocolViolation {
    assertThat(server.first(CLIENT_FIRST))
        .isEqualTo("r=" + NONCE + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    assertThat(server.last("c=biws,r=" + NONCE + ",p=" + PROOF))
        .isEqualTo("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  }

  @Test
  void acceptsAClientThatCouldBindTheChannel() throws Exception {
    ScramClient client = new ScramClient("pencil", "y,,", "", "rOprNGfwEbeRWgbNEkqO");

    assertThat(server.last(client.last(server.first(client.first())))).startsWith("v=");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pencils", " ", "Pencil"})
  void refusesAnotherPassword(String password) throws Exception {
    ScramClient client = new ScramClient(password, "n,,", "", "rOprNGfwEbeRWgbNEkqO");

    assertThat(server.last(client.last(server.first(client.first())))).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "AAAA", "eHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="})
  void refusesAProofOfAnotherLengthOrValue(String proof) throws ProtocolViolation {
    server.first(CLIENT_FIRST);

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
    assertThatThrownBy(() -> server.first(message))
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
  void refusesAMalformedFinalMessage(String message) throws ProtocolViolation {
    server.first(CLIENT_FIRST);

    assertThatThrownBy(() -> server.last(message))
        .isInstanceOf(ProtocolViolation.class)
        .hasMessageStartingWith("malformed SCRAM message: ");
  }
}
