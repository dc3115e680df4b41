package dev.pglambda.client.tls;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.FrontendMessage.PasswordMessage;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.TlsPeer;
import java.io.IOException;
import java.util.Objects;

/** A login over TLS that has its first query in the packet of its password. */
final class PipelinedLogin {
  private PipelinedLogin() {}

  /** The user that the server tells, or the error. */
  static String row(ProxyUnderTest proxy, String user, String password)
      throws IOException, ProtocolViolation {
    try (Peer client = TlsPeer.of(proxy.port()).connect()) {
      client.send(Peer.startup("user", user, "database", "postgres"));
      assertThat(client.readBackend())
          .isEqualTo(new Authentication(Authentication.CLEARTEXT_PASSWORD, ""));

      client.send(new PasswordMessage(password), new Query("SELECT current_user"));

      BackendMessage message = client.readBackend();
      while (!(message instanceof DataRow) && !(message instanceof ErrorResponse)) {
        message = client.readBackend();
      }
      return message instanceof DataRow row
          ? new String(Objects.requireNonNull(row.bytes().get(0)), UTF_8)
          : message.toString();
    }
  }
}
