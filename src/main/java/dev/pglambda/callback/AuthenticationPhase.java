package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.pglambda.callback.auth.ScramCredentials;
import dev.pglambda.callback.auth.ScramServer;
import dev.pglambda.protocol.BackendMessages;
import dev.pglambda.protocol.Message;
import dev.pglambda.protocol.MessageReader;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.SqlError;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Lets in who knows the link password: SCRAM-SHA-256 and nothing else.
 *
 * <pre>
 *   AuthenticationSASL          ──►
 *                               ◄── SASLInitialResponse
 *   AuthenticationSASLContinue  ──►
 *                               ◄── SASLResponse
 *   AuthenticationSASLFinal, Ok ──►      then the next phase
 * </pre>
 */
final class AuthenticationPhase implements LinkPhase {
  private static final int MAX_MESSAGE_OCTETS = 4096;
  private static final int SERVER_NONCE_OCTETS = 18;
  private static final char SASL_RESPONSE = 'p';

  /** Also the answer to an installation of another secret. */
  static final SqlError WRONG_PASSWORD =
      new SqlError(
          "28P01",
          "password authentication failed for user \"" + CallbackServer.USER + "\"",
          null,
          "The secret stored with the extension aws_lambda in this database is not the proxy's. To"
              + " renew it, run CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE through this"
              + " proxy, as its owner or a superuser.");

  private static final SqlError TIMEOUT =
      new SqlError("57014", "canceling authentication due to timeout", null, null);

  private final Link link;
  private final ScramServer scram;
  private final LinkPhase next;
  private final Duration timeout;
  private final Runnable admitted;
  private final MessageReader reader;
  private @Nullable ScheduledFuture<?> timer;
  private boolean challenged;

  AuthenticationPhase(
      Link link,
      ScramCredentials credentials,
      Duration timeout,
      LinkPhase next,
      Runnable admitted) {
    this.link = link;
    this.reader = MessageReader.refusing(MAX_MESSAGE_OCTETS, link.memory());
    this.timeout = timeout;
    this.next = next;
    this.admitted = admitted;
    byte[] nonce = RandomToken.octets(SERVER_NONCE_OCTETS);
    this.scram = new ScramServer(credentials, Base64.getEncoder().encodeToString(nonce));
  }

  @Override
  public void begin() {
    timer = link.schedule(() -> link.fail(TIMEOUT), timeout);
    ByteBuf out = link.alloc().buffer();
    BackendMessages.authenticationSasl(out, ScramServer.MECHANISM);
    link.send(out);
  }

  @Override
  public MessageReader reader() {
    return reader;
  }

  @Override
  public void receive(Message message) throws ProtocolViolation {
    if (message.type() != SASL_RESPONSE) {
      throw new ProtocolViolation(
          "expected SASL response, got message type " + (int) message.type());
    }
    if (challenged) {
      finish(new String(message.body(), ISO_8859_1));
    } else {
      challenge(initialResponse(message.body()));
    }
  }

  private void challenge(String clientFirst) throws ProtocolViolation {
    challenged = true;
    String serverFirst = scram.first(clientFirst);
    ByteBuf out = link.alloc().buffer();
    BackendMessages.authenticationSaslContinue(out, serverFirst);
    link.send(out);
  }

  private void finish(String clientFinal) throws ProtocolViolation {
    String serverFinal = scram.last(clientFinal);
    if (serverFinal == null) {
      link.fail(WRONG_PASSWORD);
      return;
    }
    closed();
    admitted.run();
    ByteBuf out = link.alloc().buffer();
    BackendMessages.authenticationSaslFinal(out, serverFinal);
    BackendMessages.authenticationOk(out);
    link.send(out);
    link.enter(next);
  }

  /** {@code SASLInitialResponse}: the mechanism, Int32 length, the mechanism's first message. */
  private static String initialResponse(byte[] body) throws ProtocolViolation {
    String text = new String(body, ISO_8859_1);
    int end = text.indexOf('\0');
    if (end < 0 || body.length < end + 5) {
      throw new ProtocolViolation("malformed SASLInitialResponse");
    }
    if (!text.substring(0, end).equals(ScramServer.MECHANISM)) {
      throw new ProtocolViolation("client selected an invalid SASL authentication mechanism");
    }
    if (ByteBuffer.wrap(body).getInt(end + 1) != body.length - end - 5) {
      throw new ProtocolViolation("malformed SASLInitialResponse");
    }
    return text.substring(end + 5);
  }

  @Override
  public void closed() {
    if (timer != null) {
      timer.cancel(false);
    }
  }
}
