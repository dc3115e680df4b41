package dev.pglambda.relay;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.FrontendMessage.SaslInitialResponse;
import dev.pglambda.protocol.FrontendMessage.SaslResponse;
import dev.pglambda.protocol.Message;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.auth.ScramClient;
import dev.pglambda.tls.EndPointBinding;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * A login of the proxy's own by SCRAM, in which the server has to prove that it knows the password,
 * too. Used on the session's event loop.
 */
final class ScramLogin implements OwnLogin {
  /** What the server has to do next. */
  private enum Step {
    CONTINUE,
    /** Nothing: the proof is being computed. */
    WAIT,
    PROVE,
    ACCEPT
  }

  private final SessionControl session;
  private final ChannelPair channels;
  private final ScramClient scram;
  private Step step = Step.CONTINUE;

  /**
   * @param password as the user has typed it; wiped when it has been used
   * @param bindable whether the server offers to have the login bound to its certificate
   */
  ScramLogin(SessionControl session, ChannelPair channels, byte[] password, boolean bindable) {
    this.session = session;
    this.channels = channels;
    SslHandler tls = channels.serverTls();
    byte[] certificateHash = tls == null ? null : EndPointBinding.hashOfServer(tls);
    this.scram = ScramClient.of(password, certificateHash, bindable);
  }

  void begin() {
    send(new SaslInitialResponse(scram.mechanism(), ascii(scram.first())));
  }

  @Override
  public boolean serverAsks(Authentication request) throws ProtocolViolation {
    if (step == Step.CONTINUE && request.code() == Authentication.SASL_CONTINUE) {
      step = Step.WAIT;
      proveAside(request.text());
    } else if (step == Step.PROVE && request.code() == Authentication.SASL_FINAL) {
      step = Step.ACCEPT;
      verify(request.text());
    } else if (step == Step.ACCEPT && request.code() == Authentication.OK) {
      return true;
    } else {
      throw new ProtocolViolation(
          "unexpected message in a SCRAM login: authentication code " + request.code());
    }
    return false;
  }

  /** The server says how many iterations that takes. */
  private void proveAside(String serverFirst) {
    CompletableFuture.supplyAsync(() -> proof(serverFirst))
        .whenComplete(
            (proof, failure) ->
                session.execute(
                    () -> {
                      if (failure != null) {
                        session.ownMessagesFailed(failure);
                      } else {
                        step = Step.PROVE;
                        send(new SaslResponse(ascii(proof)));
                      }
                    }));
  }

  private String proof(String serverFirst) {
    try {
      return scram.last(serverFirst);
    } catch (IOException notScram) {
      throw new CompletionException(violation(notScram));
    }
  }

  private void verify(String serverFinal) throws ProtocolViolation {
    try {
      scram.verify(serverFinal);
    } catch (IOException wrong) {
      throw violation(wrong);
    }
  }

  private static ProtocolViolation violation(IOException wrong) {
    return new ProtocolViolation(String.valueOf(wrong.getMessage()));
  }

  private void send(Message message) {
    channels.flushToServer(MessageWriter.buffer(channels.allocator(), ISO_8859_1, message));
  }

  private static ByteBuffer ascii(String text) {
    return ByteBuffer.wrap(text.getBytes(US_ASCII));
  }
}
