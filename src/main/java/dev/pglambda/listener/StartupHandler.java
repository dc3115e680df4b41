package dev.pglambda.listener;

import dev.pglambda.iam.TokenVerifier;
import dev.pglambda.limits.PeerAddress;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import dev.pglambda.relay.ClientRefusals;
import dev.pglambda.relay.ConnectFailure;
import dev.pglambda.relay.GracefulClose;
import dev.pglambda.relay.Session;
import dev.pglambda.relay.VerifiedUser;
import dev.pglambda.tls.ClientTls;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import java.io.IOException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first bytes of a connection: answers requests for encryption, passes on a cancel request,
 * begins a session.
 *
 * <pre>
 *   SSLRequest, GSSENCRequest (each once) ──► 'N', and on
 *   SSLRequest, and TLS is on ──► 'S', and on within TLS, where neither is asked for again
 *   a TLS handshake instead of the first packet, and TLS is on ──► on within TLS
 *   CancelRequest ──► to the server, which closes; close
 *   StartupMessage ──► from a load balancer that has not told for whom: FATAL 08P01, close
 *                 ├──► not encrypted, although it must be: FATAL 28000, close
 *                 ├──► of another user than the client's certificate: FATAL 28000, close
 *                 ├──► of a user of IAM: {@link TokenLogin}, if encrypted; else FATAL 28000, close
 *                 ├──► of the reserved database: handed over, or FATAL 28000, close
 *                 ├──► of another protocol: the server says so ({@link VersionRefusal})
 *                 └──► any other: {@link Session}
 *   a request for encryption again ──► the server says what it thinks of it
 *   a wrong length ──► close, without a word
 *   parameters without an end ──► FATAL 08P01, close
 * </pre>
 */
public final class StartupHandler extends ChannelInboundHandlerAdapter {
  private static final Logger log = LoggerFactory.getLogger(StartupHandler.class);

  private static final SqlError UNENCRYPTED_DATA =
      new SqlError(
          SqlState.PROTOCOL_VIOLATION,
          "received unencrypted data after SSL request",
          "This could be either a client-software bug or evidence of an attempted man-in-the-middle"
              + " attack.",
          null);

  /** First byte of a TLS handshake record: a client that begins TLS without asking. */
  private static final int TLS_HANDSHAKE = 0x16;

  private final ClientListener relay;
  private final SessionStarter sessions;

  /** Null: none is spoken here. */
  private final @Nullable ClientTls tls;

  private ByteBuf received = Unpooled.EMPTY_BUFFER;
  private @Nullable Future<?> timeout;
  private boolean sslAsked;
  private boolean gssAsked;
  private boolean encrypted;
  private boolean done;
  private boolean handedOver;

  /**
   * @param fromBalancer whether a load balancer is to say whose connection it is, before a session
   * @param tls null: none is spoken here
   */
  StartupHandler(ClientListener relay, boolean fromBalancer, @Nullable ClientTls tls) {
    this.relay = relay;
    this.sessions = new SessionStarter(relay, fromBalancer, tls);
    this.tls = tls;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    relay.pending.add(ctx.channel());
    // Without an error: a client that sends nothing has asked nothing.
    timeout =
        ctx.executor()
            .schedule(
                () -> ctx.close(),
                relay.wiring.settings().startupTimeout().toMillis(),
                TimeUnit.MILLISECONDS);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    if (timeout != null) {
      timeout.cancel(false);
    }
    if (!handedOver) {
      relay.pending.remove(ctx.channel());
    }
    received.release();
    received = Unpooled.EMPTY_BUFFER;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
    ByteBuf bytes = (ByteBuf) message;
    if (done) {
      bytes.release();
      return;
    }
    if (received.isReadable()) {
      received = ctx.alloc().compositeBuffer().addFlattenedComponents(true, received);
      ((CompositeByteBuf) received).addFlattenedComponents(true, bytes);
    } else {
      received.release();
      received = bytes;
    }
    try {
      while (!done && received.isReadable() && next(ctx)) {
        // one packet after the other
      }
    } catch (ProtocolViolation violation) {
      log.debug("protocol violation by {}: {}", ctx.channel(), violation.getMessage());
      refuse(ctx, SqlState.PROTOCOL_VIOLATION, String.valueOf(violation.getMessage()));
    }
  }

  /** Handles one packet; false if it is not complete yet. */
  private boolean next(ChannelHandlerContext ctx) throws ProtocolViolation {
    if (received.getUnsignedByte(received.readerIndex()) == TLS_HANDSHAKE) {
      beginDirectTls(ctx);
      return false;
    }
    StartupPacket packet = StartupPacket.read(received);
    if (packet == null) {
      return false;
    }
    if (packet instanceof StartupPacket.NoPacket none) {
      log.debug("{}: {}", ctx.channel(), none.reason());
      done = true;
      ctx.close();
      return false;
    }
    ByteBuf bytes = received.readSlice(StartupPacket.length(received));
    if (packet instanceof StartupPacket.SslRequest && !sslAsked) {
      sslAsked = true;
      answerSslRequest(ctx);
    } else if (packet instanceof StartupPacket.GssEncRequest && !gssAsked) {
      gssAsked = true;
      answer(ctx, BackendMessage.NO_ENCRYPTION);
    } else if (packet instanceof StartupPacket.CancelRequest cancel) {
      done = true;
      relay.pending.remove(ctx.channel());
      new CancelRelay(relay, ctx.channel()).cancel(cancel, bytes.retain());
    } else if (packet instanceof StartupMessage startup) {
      done = true;
      begin(ctx, startup, bytes);
    } else {
      // To the server, the second of two is the version of a protocol that it does not know.
      done = true;
      letServerRefuse(
          ctx, new VersionRefusal(ctx.channel(), StartupPacket.MAJOR_VERSION, bytes, true));
    }
    return true;
  }

  private static void answer(ChannelHandlerContext ctx, byte answer) {
    ctx.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {answer}));
  }

  private void answerSslRequest(ChannelHandlerContext ctx) {
    if (tls == null) {
      answer(ctx, BackendMessage.NO_ENCRYPTION);
    } else if (received.isReadable()) {
      // Anybody on the way can have put it there (CVE-2021-23214).
      refuse(ctx, UNENCRYPTED_DATA);
    } else {
      answer(ctx, BackendMessage.TLS);
      encrypt(ctx, tls, false);
    }
  }

  /** TLS without a request for it, which PostgreSQL takes since version 17. */
  private void beginDirectTls(ChannelHandlerContext ctx) {
    if (tls == null || sslAsked || gssAsked) {
      done = true;
      ctx.close();
      return;
    }
    ByteBuf handshake = received;
    received = Unpooled.EMPTY_BUFFER;
    encrypt(ctx, tls, true);
    ctx.pipeline().fireChannelRead(handshake);
  }

  private void encrypt(ChannelHandlerContext ctx, ClientTls with, boolean direct) {
    sslAsked = true;
    gssAsked = true;
    encrypted = true;
    with.begin(ctx.pipeline(), direct);
  }

  private void begin(ChannelHandlerContext ctx, StartupMessage startup, ByteBuf bytes) {
    if (startup.majorVersion() != StartupPacket.MAJOR_VERSION) {
      letServerRefuse(ctx, new VersionRefusal(ctx.channel(), startup.majorVersion(), bytes, false));
      return;
    }
    ChannelPipeline pipeline = ctx.pipeline();
    if (relay.wiring.reserved().claims(startup)) {
      boolean isServer = relay.backend.isReachedAt(PeerAddress.of(ctx.channel()));
      if (!relay.wiring.reserved().admits(ctx.channel(), encrypted, isServer)) {
        end(ctx, HbaRefusal.noEntry(startup, PeerAddress.host(ctx.channel()), encrypted));
        return;
      }
      ByteBuf rest = received.readRetainedSlice(received.readableBytes());
      handedOver = true;
      Runnable admitted = () -> relay.pending.remove(ctx.channel());
      ctx.channel().closeFuture().addListener(closed -> admitted.run());
      relay.wiring.reserved().accept(ctx.channel(), startup, isServer, admitted);
      ctx.fireChannelRead(rest);
      pipeline.remove(this);
      return;
    }
    SqlError refusal = sessions.refusal(ctx.pipeline(), startup, encrypted);
    TokenVerifier tokens = relay.wiring.tokens();
    if (refusal != null) {
      refuse(ctx, refusal);
    } else if (tokens == null || !tokens.isFor(startup.user(), startup.database())) {
      begin(ctx, startup, bytes, received.readRetainedSlice(received.readableBytes()), null);
    } else if (encrypted) {
      askForToken(ctx, tokens, startup, bytes);
    } else {
      refuse(ctx, HbaRefusal.rejected(startup, PeerAddress.host(ctx.channel())));
    }
  }

  private void askForToken(
      ChannelHandlerContext ctx, TokenVerifier tokens, StartupMessage startup, ByteBuf bytes) {
    VerifiedUser user = new VerifiedUser(startup.user(), tokens.rules().password());
    TokenLogin login =
        new TokenLogin(
            tokens,
            startup.user(),
            behind -> begin(ctx, startup, bytes, behind, user),
            error -> refuse(ctx, error));
    ByteBuf rest = received.readRetainedSlice(received.readableBytes());
    ctx.pipeline().addBefore(ctx.name(), null, login);
    login.channelRead(ctx.pipeline().context(login), rest);
  }

  private void begin(
      ChannelHandlerContext ctx,
      StartupMessage startup,
      ByteBuf bytes,
      ByteBuf rest,
      @Nullable VerifiedUser user) {
    SqlError refusal = sessions.begin(ctx, startup, bytes, rest, user);
    if (refusal != null) {
      refuse(ctx, refusal);
    }
  }

  /** A brief connection to the server like a cancel request's, and counted as one. */
  private void letServerRefuse(ChannelHandlerContext ctx, VersionRefusal refusal) {
    if (!relay.admission.beginCancelRequest()) {
      ctx.close();
      return;
    }
    ctx.channel().closeFuture().addListener(closed -> relay.admission.endCancelRequest());
    relay.backend.connect(
        ctx.channel(),
        refusal,
        true,
        connecting -> {
          if (!connecting.isSuccess()) {
            refusal.connectFailed(
                ConnectFailure.of(
                    connecting.cause(), relay.wiring.settings().backend().toString()));
          }
        });
  }

  private void refuse(ChannelHandlerContext ctx, String sqlState, String message) {
    refuse(ctx, new SqlError(sqlState, message));
  }

  private void refuse(ChannelHandlerContext ctx, SqlError error) {
    relay.wiring.sessions().refusals().count(error.sqlState());
    end(ctx, error);
  }

  private void end(ChannelHandlerContext ctx, SqlError error) {
    done = true;
    GracefulClose.lingeringClose(
        ctx.channel(),
        ErrorFields.of(ErrorFields.FATAL, error)
            .toFrame(ctx.alloc(), BackendMessage.ERROR_RESPONSE));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof IOException) {
      log.debug("{}: {}", ctx.channel(), cause.getMessage());
    } else if (cause instanceof OutOfMemoryError) {
      if (ClientRefusals.OUT_OF_MEMORY.passes()) {
        log.warn("connection {} ends: {}", ctx.channel(), cause.getMessage());
      }
    } else {
      log.error("connection {} ends before its session began", ctx.channel(), cause);
    }
    ctx.close();
  }
}
