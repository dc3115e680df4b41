package dev.pglambda.iam;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuthenticationTokenTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "password",
        "HOST",
        "HOST?Action=connect",
        "https://HOST:5432/?",
        "HOST:5432/?",
        "HOST:5432/db?Action=connect",
        "HOST:5432//?Action=connect",
        "HOST:/?Action=connect",
        "HOST:0/?Action=connect",
        "HOST:05432/?Action=connect",
        "HOST:65536/?Action=connect",
        "user@HOST:5432/?Action=connect",
        "[HOST]:5432/?Action=connect",
        "HOST:5432/?Action=connect DBUser=app",
        "HOST:5432/?Action=connect\nDBUser=app",
        "HOST:5432/?Action=connect\u00e4",
      })
  void refusesWhatIsNone(String text) {
    byte[] token = text.replace("HOST", "db.example").getBytes(ISO_8859_1);

    assertThatThrownBy(() -> AuthenticationToken.parse(token))
        .isInstanceOf(RefusedTokenException.class)
        .hasMessage("not an authentication token");
  }
}
