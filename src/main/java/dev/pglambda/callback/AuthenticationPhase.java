package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.SaslInitialResponse;
import dev.pglambda.protocol.MessageReader;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.RawMessage;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.protocol.auth.ChannelBinding;
import dev.pglambda.protocol.auth.ChannelBindingException;
import dev.pglambda.protocol.auth.RandomToken;
import dev.pglambda.protocol.auth.ScramCredentials;
import dev.pglambda.protocol.auth.ScramServer;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Lets in who knows the link password: SCRAM-SHA-256 and nothing else, bound to the certificate
 * where the link is encrypted.
 *
 * <pre>
 *   AuthenticationSASL          ──►
 *                               ◄── SASLInitialResponse
 *   AuthenticationSASLContinue  ──►
 *                               ◄── SASLResponse
 *   AuthenticationSASLFinal, Ok ──►      then the next phase
 *                        FATAL  ──►      at once, or a second later ({@link FailedLogins})
 * </pre>
 */
final class AuthenticationPhase implements LinkPhase {
  private static final int MAX_MESSAGE_BYTES = 4096;
  private static final int SERVER_NONCE_BYTES = 18;

  /** Also the answer to an installation of another secret. */
  static final SqlError WRONG_PASSWORD =
      new SqlError(
          SqlState.INVALID_PASSWORD,
          "password authentication failed for user \"" + CallbackServer.USER + "\"",
          null,
          "The secret stored with the extension aws_lambda in this database is not the proxy's. To"
              + " renew it, run CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE through this"
              + " proxy, as its owner or a superuser.");

  private static final SqlError TIMEOUT =
      new SqlError(SqlState.QUERY_CANCELED, "canceling authentication due to timeout");

  private final Link link;
  private final ChannelBinding binding;
  private final ScramServer scram;
  private final FailedLogins failures;
  private final LinkPhase next;
  private final Duration timeout;
  private final Runnable admitted;
  private final MessageReader reader;
  private @Nullable ScheduledFuture<?> timer;
  private boolean challenged;

  AuthenticationPhase(
      Link link,
      ScramCredentials credentials,
      ChannelBinding binding,
      FailedLogins failures,
      Duration timeout,
      LinkPhase next,
      Runnable admitted) {
    this.link = link;
    this.binding = binding;
    this.failures = failures;
    this.reader = MessageReader.refusing(MAX_MESSAGE_BYTES, link.memory());
    this.timeout = timeout;
    this.next = next;
    this.admitted = admitted;
    byte[] nonce = RandomToken.bytes(SERVER_NONCE_BYTES);
    this.scram = new ScramServer(credentials, Base64.getEncoder().encodeToString(nonce), binding);
  }

  @Override
  public void begin() {
    timer = link.schedule(() -> link.fail(TIMEOUT), timeout);
    link.send(Authentication.sasl(binding.mechanisms().toArray(String[]::new)));
  }

  @Override
  public MessageReader reader() {
    return reader;
  }

  @Override
  public void receive(RawMessage message) throws ProtocolViolation {
    if (message.type() != FrontendMessage.PASSWORD) {
      throw new ProtocolViolation(
          "expected SASL response, got message type " + Byte.toUnsignedInt(message.type()));
    }
    try {
      if (challenged) {
        finish(new String(message.body(), ISO_8859_1));
      } else {
        challenge(SaslInitialResponse.read(message.body(), ISO_8859_1));
      }
    } catch (ChannelBindingException e) {
      refuse(e.error());
    } catch (ProtocolViolation e) {
      refuse(new SqlError(SqlState.PROTOCOL_VIOLATION, String.valueOf(e.getMessage())));
    }
  }

  private void challenge(SaslInitialResponse response)
      throws ProtocolViolation, ChannelBindingException {
    challenged = true;
    if (response.data() == null) {
      throw new ProtocolViolation("malformed SASLInitialResponse");
    }
    String clientFirst = ISO_8859_1.decode(response.data()).toString();
    String serverFirst = scram.first(response.mechanism(), clientFirst);
    link.send(new Authentication(Authentication.SASL_CONTINUE, serverFirst));
  }

  private void finish(String clientFinal) throws ProtocolViolation, ChannelBindingException {
    String serverFinal = scram.last(clientFinal);
    if (serverFinal == null) {
      refuse(WRONG_PASSWORD);
      return;
    }
    closed();
    admitted.run();
    link.send(new Authentication(Authentication.SASL_FINAL, serverFinal), Authentication.ok());
    link.enter(next);
  }

  private void refuse(SqlError error) {
    closed();
    timer = failures.refuse(link, error);
  }

  @Override
  public void closed() {
    if (timer != null) {
      timer.cancel(false);
    }
  }
}
