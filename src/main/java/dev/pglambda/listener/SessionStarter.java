package dev.pglambda.listener;

import dev.pglambda.intercept.Interceptor;
import dev.pglambda.limits.PeerAddress;
import dev.pglambda.limits.ReadControl;
import dev.pglambda.limits.ReadControl.Reason;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import dev.pglambda.relay.ClientHandler;
import dev.pglambda.relay.ClientRefusals;
import dev.pglambda.relay.LocalExecution;
import dev.pglambda.relay.ServerHandler;
import dev.pglambda.relay.Session;
import dev.pglambda.relay.VerifiedUser;
import dev.pglambda.tls.ClientTls;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import org.jspecify.annotations.Nullable;

/** Begins the session that a StartupMessage asks for, or says why not. */
final class SessionStarter {
  private static final SqlError NO_HEADER =
      new SqlError(
          SqlState.PROTOCOL_VIOLATION,
          "session from a load balancer without a header of the PROXY protocol, version 2",
          null,
          "Add send-proxy-v2 to the load balancer's servers, or take its address out of"
              + " --proxy-protocol-from.");

  private final ClientListener relay;
  private final boolean fromBalancer;
  private final @Nullable ClientTls tls;

  /** The parameters are those of {@link StartupHandler}. */
  SessionStarter(ClientListener relay, boolean fromBalancer, @Nullable ClientTls tls) {
    this.relay = relay;
    this.fromBalancer = fromBalancer;
    this.tls = tls;
  }

  /** Why a session may not begin in this way, or now; else null. */
  @Nullable SqlError refusal(ChannelPipeline pipeline, StartupMessage startup, boolean encrypted) {
    Channel client = pipeline.channel();
    if (relay.wiring.sessions().isDraining()) {
      return new SqlError(SqlState.CANNOT_CONNECT_NOW, ClientRefusals.SHUTTING_DOWN);
    }
    if (fromBalancer && !PeerAddress.isTold(client)) {
      ClientRefusals.log(client, NO_HEADER.message());
      return NO_HEADER;
    }
    if (tls == null) {
      return null;
    }
    if (tls.isRequired() && !encrypted) {
      return HbaRefusal.noEntry(startup, PeerAddress.host(client), false);
    }
    String withoutCertificate = tls.refusal(pipeline, startup.user());
    return withoutCertificate == null
        ? null
        : new SqlError(SqlState.INVALID_AUTHORIZATION_SPECIFICATION, withoutCertificate);
  }

  /**
   * Begins the session if there is a place for it; its handler replaces that of the context.
   *
   * @param bytes the StartupMessage; not consumed
   * @param rest what the client has sent behind it; released here
   * @param user whom the proxy has authenticated; null: nobody
   * @return why there is no place; null: the session has begun, or the client has gone
   */
  @Nullable SqlError begin(
      ChannelHandlerContext ctx,
      StartupMessage startup,
      ByteBuf bytes,
      ByteBuf rest,
      @Nullable VerifiedUser user) {
    String host = PeerAddress.host(ctx.channel());
    if (host == null) {
      rest.release();
      ctx.close();
      return null;
    }
    String noPlace = relay.admission.refusal(host);
    if (noPlace != null) {
      rest.release();
      ClientRefusals.log(ctx.channel(), noPlace);
      return new SqlError(SqlState.TOO_MANY_CONNECTIONS, noPlace);
    }
    ByteBuf packet = bytes.retain(); // the handler that is replaced releases its own
    Session session = admitted(ctx.channel(), startup, host, user);
    session.clientSent(rest);
    ReadControl.of(ctx.channel()).set(Reason.STARTUP, true);
    ctx.pipeline().replace(ctx.handler(), null, new ClientHandler(session));
    connect(session, ctx.channel(), startup, packet);
    return null;
  }

  private Session admitted(
      Channel client, StartupMessage startup, String host, @Nullable VerifiedUser user) {
    ClientListener.Wiring wiring = relay.wiring;
    Session session =
        new Session(
            wiring.settings(),
            wiring.sessions().newToken(),
            client,
            // A walsender has no extended query protocol, by which the proxy asks.
            startup.replication() ? Interceptor.NONE : wiring.interceptor(),
            wiring.keys(),
            startup.replication() ? LocalExecution.Provider.NONE : wiring.localExecution(),
            startup.database(),
            user);
    session.askForPlace(() -> relay.admission.authenticated(session, host));
    session.ended().whenComplete((ended, failure) -> relay.admission.leave(session, host));
    relay.admission.enter(session, host);
    wiring.sessions().add(session);
    return session;
  }

  /** Releases the packet. */
  private void connect(Session session, Channel client, StartupMessage startup, ByteBuf packet) {
    relay.backend.connect(
        client,
        new ServerHandler(session),
        false,
        connecting -> {
          if (connecting.isSuccess()) {
            Channel server = connecting.getNow();
            session.connected(
                server,
                relay.withParameters(
                    startup, packet, session.token(), server.localAddress(), client.alloc()));
          } else {
            session.connectFailed(connecting.cause());
          }
          packet.release();
        });
  }
}
