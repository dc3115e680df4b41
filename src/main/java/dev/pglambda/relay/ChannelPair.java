package dev.pglambda.relay;

import dev.pglambda.limits.PeerAddress;
import dev.pglambda.limits.ReadControl;
import dev.pglambda.limits.ReadControl.Reason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import org.jspecify.annotations.Nullable;

/**
 * The two connections of a session: what is written to them, when they are read, and how they are
 * closed. Neither side may send more than the other takes: each direction on its own, so that
 * neither waits for the other. {@link ReadControl} keeps the reasons.
 */
final class ChannelPair {
  /**
   * While a message is held the client is read on up to here, so that it is seen when it closes.
   */
  private static final int MOST_WAITING_BYTES = 64 * 1024;

  /**
   * With so many unanswered messages (1.3 MB in {@link ReplyQueue}) the client is not read on. A
   * server answers what it has read, but for the 8 kB of its output buffer, so this delays nobody;
   * a client that reads no replies, or a server that sends none, would else take all memory.
   */
  private static final int MOST_UNANSWERED = 1 << 18;

  private final Channel client;
  private final ReadControl readsClient;
  private @Nullable Channel server;
  private @Nullable ReadControl readsServer;

  ChannelPair(Channel client) {
    this.client = client;
    this.readsClient = ReadControl.of(client);
  }

  void connected(Channel opened) {
    server = opened;
    readsServer = ReadControl.of(opened);
  }

  void start() {
    readsClient.set(Reason.STARTUP, false);
    if (readsServer != null) {
      readsServer.set(Reason.STARTUP, false);
    }
  }

  Channel client() {
    return client;
  }

  /** Null: the client's connection is not encrypted. */
  @Nullable SslHandler clientTls() {
    return client.pipeline().get(SslHandler.class);
  }

  /** Null: the server's connection is not encrypted. */
  @Nullable SslHandler serverTls() {
    return server == null ? null : server.pipeline().get(SslHandler.class);
  }

  /** Whether what is sent to the server stays on this machine. */
  boolean isServerLocal() {
    return server != null && PeerAddress.isThisMachine(server);
  }

  ByteBufAllocator allocator() {
    return client.alloc();
  }

  boolean isServer(Channel channel) {
    return channel == server;
  }

  // ---- what is written

  void toClient(ByteBuf bytes) {
    client.write(bytes, client.voidPromise());
  }

  void toServer(ByteBuf bytes) {
    if (server == null) {
      bytes.release();
    } else {
      server.write(bytes, server.voidPromise());
    }
  }

  /** Writes, and flushes: for what no read of the client's will. */
  void flushToServer(ByteBuf bytes) {
    toServer(bytes);
    flushServer();
  }

  void flushServer() {
    if (server != null) {
      server.flush();
    }
  }

  // ---- when each is read

  /** What the client sent was written to the server, within a series of reads. */
  void clientSent() {
    if (server != null) {
      flushIfFull(server);
      follow(readsClient, server);
    }
  }

  /** What the server sent was written to the client, within a series of reads. */
  void serverSent() {
    flushIfFull(client);
    clientWritable();
  }

  /** A series of reads can be a megabyte, and many clients that do not read make much of it. */
  private static void flushIfFull(Channel sink) {
    if (!sink.isWritable()) {
      sink.flush();
    }
  }

  /** A series of the client's reads is over, or the server takes more, or no more. */
  void serverWritable() {
    if (server != null) {
      follow(readsClient, server);
    }
  }

  /** A series of the server's reads is over, or the client takes more, or no more. */
  void clientWritable() {
    if (readsServer != null) {
      follow(readsServer, client);
    }
  }

  private static void follow(ReadControl source, Channel sink) {
    source.set(Reason.PEER_FULL, !sink.isWritable());
  }

  /**
   * The client has sent something, or the server has answered something.
   *
   * @param waiting bytes of the client's that wait behind a message that is held
   */
  void limitClient(int unanswered, int waiting) {
    readsClient.set(
        Reason.PIPELINE_FULL,
        readsClient.has(Reason.PIPELINE_FULL)
            ? unanswered > MOST_UNANSWERED / 2
            : unanswered >= MOST_UNANSWERED);
    readsClient.set(Reason.HELD, waiting > MOST_WAITING_BYTES);
  }

  // ---- how each is closed

  /** What the client sent whole still goes out. */
  void closeServer() {
    if (server != null && readsServer != null) {
      readsServer.readToEnd();
      GracefulClose.flushAndClose(server, Unpooled.EMPTY_BUFFER);
    }
  }

  /**
   * Closes the client's connection behind the last bytes, if any; a silent client sends nothing
   * more.
   */
  void closeClient(ByteBuf last, boolean silent) {
    if (silent) {
      GracefulClose.flushAndClose(client, last);
    } else {
      GracefulClose.lingeringClose(client, last);
    }
  }
}
